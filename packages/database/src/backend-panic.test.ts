import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, it, jest } from '@jest/globals'
import { servePgliteSocket } from './pglite-socket.ts'
import { startTidying } from './pglite-tidying.ts'

afterEach(() => {
  jest.useRealTimers()
})

const startup = Buffer.from('\0\0\0\x09\0\x03\0\0\0', 'latin1')
const commit = Buffer.from('Q\0\0\0\x0bcommit\0', 'latin1')
const ready = 'Z\0\0\0\x05I'
const fields = 'SPANIC\0VPANIC\0C53100\0Mcould not write to file "pg_wal/xlogtemp.42": No space left on device\0\0'
const panic = `E\0\0\0${String.fromCharCode(fields.length + 4)}${fields}`

async function serve(answerOf: (message: Buffer) => string) {
  const run: string[] = []
  const onBroken = jest.fn<(cause: unknown) => void>()
  const backend = {
    isInTransaction: () => false,
    runExclusive: <T>(act: () => Promise<T>) => act(),
    async execProtocolRawStream(message: Uint8Array, { onRawData }: { onRawData(data: Uint8Array): void }) {
      run.push(Buffer.from(message).toString('latin1'))
      onRawData(Buffer.from(answerOf(Buffer.from(message)), 'latin1'))
    },
  }
  const served = await servePgliteSocket(backend, { port: 0, onBroken })
  const client = connect(served.port, '127.0.0.1')
  client.setEncoding('latin1')
  client.write(startup)
  await once(client, 'data')
  return { client, onBroken, run, stop: served.stop }
}

it('ends a backend that panicked, once who asked has heard why, and has it run nothing more', async () => {
  const { client, onBroken, run, stop } = await serve((message) =>
    message.equals(startup) ? ready : `C\0\0\0\x0bUPDATE\0${panic}`,
  )
  client.write(Buffer.concat([commit, commit]))
  const [heard] = await once(client, 'data')
  expect(heard).toContain('No space left on device')
  await stop()
  expect(onBroken.mock.calls).toEqual([[expect.objectContaining({ message: expect.stringContaining('pg_wal/xlogtemp.42') })]])
  expect(run).toHaveLength(2)
})

it('takes what a row holds for no panic', async () => {
  const { client, onBroken, stop } = await serve((message) => (message.equals(startup) ? ready : `D\0\0\x01\0${panic}${ready}`))
  client.write(commit)
  await once(client, 'data')
  await stop()
  expect(onBroken).not.toHaveBeenCalled()
})

it('ends a backend that panicked while it was tidied, and none that could not be tidied for another reason', async () => {
  jest.useFakeTimers()
  const onBroken = jest.fn<(cause: unknown) => void>()
  let severity = 'ERROR'
  const exec = () => Promise.reject(Object.assign(new Error('could not write to file "pg_wal/xlogtemp.42"'), { severity }))
  const query = () => Promise.reject(new TypeError('nothing is asked before counts are flushed'))
  const { stop } = startTidying({ exec, query }, { isQuiet: () => true, onBroken })
  await jest.advanceTimersByTimeAsync(60_000)
  expect(onBroken).not.toHaveBeenCalled()
  severity = 'PANIC'
  await jest.advanceTimersByTimeAsync(60_000)
  expect(onBroken).toHaveBeenCalledTimes(1)
  stop()
})
