import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { failureOf } from '../testing/collect-events.ts'
import { type Ledger, type LedgerOptions, openLedger } from './open-ledger.ts'
import { callFacts, completed, memoryCalls } from './testing/calls.ts'

const logger = { info: () => undefined, warn: () => undefined }
let folder: string
let calls: ReturnType<typeof memoryCalls>
const opened: Ledger[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-ledger-'))
  calls = memoryCalls()
})
afterEach(async () => {
  calls.isDown = false
  for (const ledger of opened.splice(0)) await ledger.stop()
  rmSync(folder, { recursive: true, force: true })
})

function open(more: Partial<LedgerOptions> = {}): Ledger {
  const ledger = openLedger({ folder, service: 'gateway', calls, logger, ...more })
  opened.push(ledger)
  return ledger
}

async function until(what: () => boolean): Promise<void> {
  for (let waited = 0; !what(); waited += 20) {
    if (waited > 40_000) throw new Error('it did not happen within 40 s')
    await sleep(20)
  }
}

/** A journal that has been stored may go while it is looked at. */
function journalText(): string {
  const readOr = <T>(otherwise: T, read: () => T): T => {
    try {
      return read()
    } catch {
      return otherwise
    }
  }
  const files = readdirSync(folder).flatMap((owner) =>
    readOr([], () => readdirSync(join(folder, owner)).map((name) => join(folder, owner, name))),
  )
  return files.map((file) => readOr('', () => readFileSync(file, 'utf8'))).join('')
}

const journalBytes = (): number => Buffer.byteLength(journalText())

describe('the ledger', () => {
  it('has a call written down before it is made, and stored once after it has ended', async () => {
    const ledger = open()
    const entry = await ledger.begin(callFacts('call_1'), () => 0)
    expect(journalText()).toContain('call_1')
    entry.end(completed)
    entry.end(completed)
    await until(() => calls.kept.size === 1)
    expect([...calls.kept.values()]).toMatchObject([
      { id: 'call_1', tenant: 'acme', keyId: 'key_1', user: 'ann', outcome: 'completed', inputTokens: 100, measured: true },
    ])
    await until(() => journalBytes() === 0)
  })

  it('keeps calls while the database is away, and stores each once when it is back', async () => {
    const ledger = open()
    calls.isDown = true
    for (let n = 0; n < 1_200; n++) (await ledger.begin(callFacts(`call_${n}`), () => 0)).end(completed)
    await sleep(600)
    expect(calls.kept.size).toBe(0)
    calls.isDown = false
    await until(() => calls.kept.size === 1_200)
    expect([...calls.times.values()].every((times) => times === 1)).toBe(true)
    await until(() => journalBytes() === 0)
  })

  it('keeps nothing of a request in memory whose call waits for the database', async () => {
    const ledger = open()
    calls.isDown = true
    const end = async () => {
      const request = { body: 'a long conversation', chars: 0 }
      const entry = await ledger.begin(callFacts('call_1'), () => request.chars)
      entry.end(completed)
      return new WeakRef(request)
    }
    const request = await end()
    // What a WeakRef was made of lives until the end of that turn of the event loop.
    await sleep(0)
    setFlagsFromString('--expose-gc')
    runInNewContext('gc')()
    expect(request.deref()).toBeUndefined()
  })

  it('makes no call that it could not record', async () => {
    const ledger = open({ journalBytesMax: 5_000 })
    calls.isDown = true
    const begins = Array.from({ length: 50 }, (_, n) => ledger.begin(callFacts(`call_${n}`), () => 0))
    const refused = (await Promise.allSettled(begins)).filter(({ status }) => status === 'rejected')
    expect(refused.length).toBeGreaterThan(20)
    expect(await failureOf(Promise.resolve(ledger.begin(callFacts('call_x'), () => 0)))).toMatchObject({
      code: 'ledger_unavailable',
      message: expect.stringContaining('The database does not answer'),
    })
    expect(journalBytes()).toBeLessThan(12_000)
  })

  it('has what has ended in the database when it is flushed, also what had to be counted, and waits for no database that is away', async () => {
    const counted = Promise.withResolvers<number[]>()
    const counter = { count: () => counted.promise, stop: async () => undefined }
    const ledger = open({ counter })
    ;(await ledger.begin(callFacts('call_1'), () => 0)).end(completed)
    const uncounted = { texts: ['a', 'b'], usageOf: () => completed.usage }
    ;(await ledger.begin(callFacts('call_2'), () => 0)).end({ ...completed, uncounted })
    const flushed = ledger.flush()
    counted.resolve([1, 1])
    await flushed
    expect([...calls.kept.keys()].toSorted()).toEqual(['call_1', 'call_2'])
    calls.isDown = true
    ;(await ledger.begin(callFacts('call_3'), () => 0)).end(completed)
    await expect(ledger.flush()).resolves.toBeUndefined()
    expect(calls.kept.size).toBe(2)
  })

  it('leaves nothing behind when it is stopped', async () => {
    const ledger = openLedger({ folder, service: 'gateway', calls, logger })
    const entry = await ledger.begin(callFacts('call_1'), () => 0)
    entry.end(completed)
    await ledger.stop()
    expect([calls.kept.size, readdirSync(folder)]).toEqual([1, []])
  })
})

describe('calls of a process that was killed', () => {
  async function kill(): Promise<void> {
    const main = fileURLToPath(new URL('testing/doomed-main.ts', import.meta.url))
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }

  it('are stored by one of those that find them: as they ended, else as lost with what was sent and heard', async () => {
    await kill()
    const [owner = ''] = readdirSync(folder)
    const [file = ''] = readdirSync(join(folder, owner))
    // A line that was being written.
    appendFileSync(join(folder, owner, file), '{"begin":{"id":"call_torn","ki')
    for (const ledger of [open(), open({ service: 'rag' }), open()]) ledger.start()
    await until(() => calls.kept.size === 3)
    expect(calls.kept.get('call_ended')).toMatchObject({ outcome: 'completed', inputTokens: 100, measured: true })
    expect(calls.kept.get('call_streaming')).toMatchObject({
      outcome: 'lost',
      measured: false,
      inputTokens: 10,
      outputTokens: 1_000,
      costUsd: (10 * 1 + 1_000 * 10) / 1_000_000,
    })
    expect(calls.kept.get('call_begun')).toMatchObject({ outcome: 'lost', outputTokens: 0 })
    expect([...calls.times.values()]).toEqual([1, 1, 1])
    await until(() => !readdirSync(folder).includes(owner))
    expect([...calls.gone]).toEqual([owner.split('.').at(-1)])
  })

  it('wait in the journal while the database is away', async () => {
    await kill()
    calls.isDown = true
    const ledger = open()
    ledger.start()
    await sleep(200)
    expect(journalText()).toContain('call_ended')
    calls.isDown = false
    await until(() => calls.kept.size === 3)
  })
})
