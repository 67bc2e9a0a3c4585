import type { SessionEvent } from '@weft/contracts'
import { type Database, isDuplicate, isUnstorable } from '@weft/database'
import { mayCrashAround } from '@weft/mesh'
import { recordApprovals } from './postgres-approval-record.ts'
import { type EventRow, insertEvents } from './postgres-event-rows.ts'

export interface SessionEvents {
  actorId: string
  tenant: string
  sessionId: string
  user: string | undefined
  events: SessionEvent[]
}

export interface EventLog {
  /**
   * Queues the events of a session that are committed and not known to be written, in seq order. Left out are those that are queued already and those
   * for which there is no room: they are handed over again with the session's next commit, and by its heartbeat.
   */
  append(batch: SessionEvents): void
  queuedCount(): number
  /** Resolves when everything that is queued now is written, without waiting for what is queued later. */
  written(): Promise<void>
  stop(): Promise<void>
}

export interface EventLogOptions {
  database: Database
  onFlushed: (actorId: string, upToSeq: number) => void
  onProblem: (cause: unknown) => void
  /** Events held while the database is away; default 20,000. */
  queuedRowsMax?: number
}

/**
 * The pause between two batches, while which events gather: 8 times as long as the last batch took, within these bounds, so that a busy database is given
 * fewer and larger batches.
 */
const pauseBounds = { msMin: 15, msMax: 200, lastBatchFactor: 8 }
const batchRowsMax = 500
/** A statement of many long conversations would be too long for the database, and for a string. */
const batchCharsMax = 4_194_304

/**
 * The append-only event log in Postgres: one writer per host, batches over all sessions, in the order of their commits.
 * A batch is repeated until it is in; rows that already are do no harm, so every event is there exactly once.
 */
export function createEventLog(options: EventLogOptions): EventLog {
  let queue: EventRow[] = []
  const queuedSeq = new Map<string, number>()
  /** Counts all rows since the start; rows are written in the order in which they were queued. */
  const rows = { queued: 0, written: 0 }
  let waiting: { forRow: number; resolve: () => void }[] = []
  let writing: Promise<void> | undefined
  let isStopped = false
  const queuedRowsMax = options.queuedRowsMax ?? 20_000

  function append({ events, ...session }: SessionEvents): void {
    const from = queuedSeq.get(session.actorId) ?? 0
    const fresh = events.filter((event) => event.seq > from).slice(0, Math.max(0, queuedRowsMax - queue.length))
    const last = fresh.at(-1)
    if (last === undefined) return
    queue.push(...fresh.map((event) => ({ ...session, event })))
    rows.queued += fresh.length
    queuedSeq.set(session.actorId, last.seq)
    writing ??= write()
  }

  async function write(): Promise<void> {
    await pause(pauseBounds.msMin)
    for (let failures = 0; queue.length > 0 && !(isStopped && failures > 0); ) {
      const batch = nextBatch(queue)
      const startedAt = performance.now()
      try {
        await mayCrashAround('log', () => insertStorable(options, batch))
        failures = 0
        queue = queue.slice(batch.length)
        rows.written += batch.length
        announce(batch)
        if (queue.length < batchRowsMax && !isStopped) await pause(pauseMsAfter(performance.now() - startedAt))
      } catch (cause) {
        failures += 1
        if (failures === 1) options.onProblem(cause)
        await pause(Math.min(5_000, 100 * 2 ** failures))
      }
    }
    writing = undefined
  }

  function announce(batch: EventRow[]): void {
    const upTo = new Map(batch.map((row) => [row.actorId, row.event.seq]))
    for (const [actorId, seq] of upTo) {
      if (queuedSeq.get(actorId) === seq) queuedSeq.delete(actorId)
      options.onFlushed(actorId, seq)
    }
    for (const { forRow, resolve } of waiting) if (forRow <= rows.written) resolve()
    waiting = waiting.filter(({ forRow }) => forRow > rows.written)
  }

  async function written(): Promise<void> {
    const forRow = rows.queued
    if (forRow > rows.written) await new Promise<void>((resolve) => waiting.push({ forRow, resolve }))
  }

  return {
    append,
    queuedCount: () => queue.length,
    written,
    async stop() {
      isStopped = true
      await writing
    },
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function pauseMsAfter(lastBatchMs: number): number {
  const { msMin, msMax, lastBatchFactor } = pauseBounds
  return Math.min(msMax, Math.max(msMin, lastBatchFactor * lastBatchMs))
}

/** The rows of the next statement: at most 500, and at most 4 MiB of text, unless the first row alone is longer. */
function nextBatch(queue: EventRow[]): EventRow[] {
  let chars = 0
  const end = queue.slice(0, batchRowsMax).findIndex(({ event }, index) => {
    chars += JSON.stringify(event).length
    return index > 0 && chars > batchCharsMax
  })
  return queue.slice(0, end === -1 ? batchRowsMax : end)
}

/** Halves a batch that the database cannot store until the one event that it cannot store is found. That is left out and told as a problem, so that it does not hold up all others. */
async function insertStorable(options: EventLogOptions, batch: EventRow[]): Promise<void> {
  try {
    await insertBatch(options.database, batch)
  } catch (cause) {
    if (!isUnstorable(cause)) throw cause
    if (batch.length === 1) {
      options.onProblem(cause)
      return
    }
    const middle = Math.ceil(batch.length / 2)
    await insertStorable(options, batch.slice(0, middle))
    await insertStorable(options, batch.slice(middle))
  }
}

/** Writes again with more care when some of the rows are there already: another host that had some of these sessions until now may be writing the same events. */
async function insertBatch(database: Database, batch: EventRow[]): Promise<void> {
  try {
    await insertParts(database, batch, { mayBeThere: false })
  } catch (cause) {
    if (!isDuplicate(cause)) throw cause
    await insertParts(database, batch, { mayBeThere: true })
  }
}

/**
 * Events of sessions that ask for an approval in this batch are written in one transaction with the record of the approvals, so that neither is ever there
 * without the other. Those of all other sessions need no transaction and are written before.
 */
async function insertParts({ db }: Database, batch: EventRow[], how: { mayBeThere: boolean }): Promise<void> {
  const asking = new Set(batch.flatMap(({ actorId, event }) => (event.approval === undefined ? [] : [actorId])))
  const plain = batch.filter(({ actorId }) => !asking.has(actorId))
  if (plain.length > 0) await insertEvents(db, plain, how)
  if (asking.size === 0) return
  const told = batch.filter(({ actorId }) => asking.has(actorId))
  await db.transaction().execute(async (transaction) => {
    await insertEvents(transaction, told, how)
    await recordApprovals(transaction, told)
  })
}
