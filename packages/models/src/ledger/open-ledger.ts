import { join } from 'node:path'
import { errorMessage } from '@weft/contracts'
import type { CallEnd, CallLedger } from '../attempt/call-controls.ts'
import { processLife } from '../attempt/call-id.ts'
import { ModelError } from '../model-error.ts'
import type { ModelUsage } from '../model-event.ts'
import { createTokenCounter, type TokenCounter } from '../tokens/token-counter.ts'
import { adoptJournals } from './adopt-journals.ts'
import { type CallFinish, type CallStart, finishOf, startOf } from './call-record.ts'
import { createJournal, type Journal } from './journal.ts'
import { ownFolderName } from './journal-owners.ts'
import type { LedgerLog } from './ledger-log.ts'
import type { CallStore } from './postgres-calls.ts'
import type { JournalLine } from './replay-journal.ts'
import { storeEnded } from './store-ended.ts'

export interface LedgerOptions {
  /** The folder of journals: one for all processes of a mesh on a machine, never shared by two machines. */
  folder: string
  /** The name of the service that makes the calls. */
  service: string
  calls: CallStore
  logger: LedgerLog
  /** Calls are refused while more than this is not in the database yet. Default 32 MB, some 40,000 calls. */
  journalBytesMax?: number
  nowMs?: () => number
  /** Counts the tokens of calls that their provider did not count. */
  counter?: TokenCounter
}

export interface Ledger extends CallLedger {
  /** Begins to take over the journals that dead processes left behind. */
  start(): void
  /** Stores the calls of this process that have ended. Waits a second at most; what takes longer is stored later. */
  flush(): Promise<void>
  /** Stores what it can within three seconds. The rest stays in the journal for the next process. */
  stop(): Promise<void>
}

const segmentBytesMax = 1_048_576
const journalBytesMaxUsual = 33_554_432
const noteEveryMs = 500
const stopWithinMs = 3_000
const flushWithinMs = 1_000

interface OpenCall {
  start: CallStart
  segment: number
  heardChars: () => number
  notedChars: number
}

/** A ledger whose calls outlive their process: each call is in the journal before it is made, and in the database, once, soon after it has ended. */
export function openLedger(options: LedgerOptions): Ledger {
  const { folder, service, calls, logger, nowMs = Date.now, journalBytesMax = journalBytesMaxUsual } = options
  const { counter = createTokenCounter() } = options
  const journal = createJournal({ folder: join(folder, ownFolderName(service, processLife)), segmentBytesMax })
  const ended = storeEnded({ calls, logger })
  const open = new Map<string, OpenCall>()
  const counting = createPending()
  const stops: (() => void)[] = []

  function endCounted(call: OpenCall, how: CallEnd): Promise<ModelUsage> | undefined {
    const { uncounted } = how
    if (uncounted === undefined || !open.has(call.start.id)) {
      end(call, finishOf(call.start.id, how))
      return undefined
    }
    const counted = counter.count(uncounted.texts).then((tokens) => {
      const usage = tokens === undefined ? how.usage : uncounted.usageOf(tokens)
      end(call, finishOf(call.start.id, { ...how, usage }))
      return usage
    })
    counting.add(counted)
    return counted
  }

  function end(call: OpenCall, finish: CallFinish): void {
    if (!open.delete(finish.id)) return
    // Takes what is needed out of the call, which holds its whole request: what waits to be stored would keep that in memory.
    const { start, segment: begunIn } = call
    const endedIn = journal.append(lineOf({ end: finish }))
    const onStored = () => {
      journal.settle(begunIn)
      journal.settle(endedIn)
    }
    ended.add({ record: { ...start, ...finish }, onStored })
  }

  return {
    async begin(facts, heardChars) {
      if (journal.bytes() > journalBytesMax) throw full(journalBytesMax)
      const start = startOf(facts, nowMs())
      const call: OpenCall = { start, segment: journal.append(lineOf({ begin: start })), heardChars, notedChars: 0 }
      open.set(start.id, call)
      await journal.written().catch((cause: unknown) => {
        open.delete(start.id)
        journal.settle(call.segment)
        throw unwritable(folder, cause)
      })
      return { end: (how) => endCounted(call, how) }
    },
    start() {
      const noting = setInterval(() => noteProgress(open, journal), noteEveryMs).unref()
      stops.push(() => clearInterval(noting), adoptJournals({ folder, service, calls, logger }))
    },
    async flush() {
      await Promise.race([counting.settled().then(ended.flush), after(flushWithinMs)])
    },
    async stop() {
      for (const stop of stops) stop()
      // Calls whose tokens are still being counted end with their estimate.
      await counter.stop()
      ended.stop()
      await Promise.race([ended.flush(), after(stopWithinMs)])
      journal.close()
    },
  }
}

/** Notes how far answers have come, so that little has to be guessed if this process ends before they do. */
function noteProgress(open: Map<string, OpenCall>, journal: Pick<Journal, 'note'>): void {
  for (const [id, call] of open) {
    const chars = call.heardChars()
    if (chars !== call.notedChars) journal.note(lineOf({ heard: { id, chars } }))
    call.notedChars = chars
  }
}

function createPending() {
  const pending = new Set<Promise<unknown>>()
  return {
    add(promise: Promise<unknown>): void {
      const settled = promise.catch(() => undefined).finally(() => pending.delete(settled))
      pending.add(settled)
    },
    settled: () => Promise.all(pending),
  }
}

function lineOf(line: JournalLine): string {
  return JSON.stringify(line)
}

function full(bytesMax: number): ModelError {
  const message = `no model is called: ${bytesMax} bytes of calls are not in the database yet, and no call is made that would not be recorded. The database does not answer`
  return new ModelError('ledger_unavailable', message, { isRetryable: true })
}

function unwritable(folder: string, cause: unknown): ModelError {
  const message = `no model is called: the call could not be recorded in ${folder}: ${errorMessage(cause)}`
  return new ModelError('ledger_unavailable', message, { isRetryable: true, cause })
}

function after(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs).unref())
}
