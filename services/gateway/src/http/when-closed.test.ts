import { once } from 'node:events'
import { createServer, get, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { whenClosed } from './when-closed.ts'

const server = createServer()
beforeAll(() => once(server.listen(0, '127.0.0.1'), 'listening'))
afterAll(() => once(server.close(), 'close'))

/** A response whose reader has not left yet, and how it leaves. */
async function ask(): Promise<{ response: ServerResponse; leave(): void }> {
  const asked = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' })
  asked.on('error', () => undefined)
  const [, response] = await once(server, 'request')
  return { response, leave: () => asked.destroy() }
}

it('what is to be done when a reader leaves is done once, also if it has left before', async () => {
  const { response, leave } = await ask()
  const done: string[] = []
  whenClosed(response, () => done.push('asked before'))
  expect(done).toEqual([])
  const closed = once(response, 'close')
  leave()
  await closed
  whenClosed(response, () => done.push('asked after'))
  expect(done).toEqual(['asked before', 'asked after'])
})
