import type { ReplyItem } from '@weft/contracts'
import { sessionDeleted } from '../core/turn-end.ts'
import type { SseMessage } from '../http/sse-stream.ts'
import type { SessionRef } from './dapr-sessions.ts'
import type { ReplyInbox } from './reply-hub.ts'
import type { SessionLog } from './session-log.ts'

export interface FollowEventsOptions {
  session: SessionRef
  log: Pick<SessionLog, 'eventsAfter' | 'tail'>
  inbox: ReplyInbox
  /** The last event the reader already has. */
  afterSeq: number
  /** How many events the session had when the reader came; the log may be a moment behind it. It is read while this is not known. Never rejects. */
  expectedSeq: Promise<number>
  /** Called when another turn has begun, whose text is told only to those who ask for it. */
  onTurn: () => void
  /** Whether to stay after the last turn has ended. */
  isFollowing: boolean
  signal: AbortSignal
  /** How soon the log is asked again without a hint, the first time; default 500 ms. */
  idleFirstMs?: number
}

const pageRows = 200
/** The log is asked this long after a reply said that something happened, and in growing intervals without one. */
const hintDelayMs = 25
const idleFirstDefaultMs = 500
const idleMaxMs = 5_000

/**
 * A session's events from the log, in order, each exactly once with its seq as the SSE id, and live text of its steps (without id: text is
 * not stored) in between. Ends when no turn is open, unless following; throws `gone` when the session is deleted.
 */
export async function* followEvents(options: FollowEventsOptions): AsyncGenerator<SseMessage, void> {
  const { session, log, inbox, signal, idleFirstMs = idleFirstDefaultMs } = options
  const expected = watchFor(options.expectedSeq)
  let lastSeq = options.afterSeq
  let idleMs = idleFirstMs
  while (!signal.aborted) {
    const events = await log.eventsAfter(session, lastSeq, pageRows)
    for (const event of events) {
      yield { id: event.seq, data: JSON.stringify(event) }
      lastSeq = event.seq
      if (event.type === 'turn.accepted') options.onTurn()
    }
    if (events.length > 0) {
      idleMs = idleFirstMs
      continue
    }
    const state = await stateOf(options, { sentSeq: lastSeq, expectedSeq: expected.seq() })
    if (state === 'deleted') throw sessionDeleted(session.sessionId)
    if (state === 'over' && !options.isFollowing) return
    const woken = expected.seq() === undefined ? AbortSignal.any([signal, expected.signal]) : signal
    yield* waitForHint({ inbox, signal: woken, untilMs: performance.now() + idleMs, lastSeq })
    idleMs = Math.min(idleMaxMs, idleMs * 2)
  }
}

/** The value of a promise, undefined until it resolves, and a signal that aborts then. */
function watchFor(promise: Promise<number>): { seq: () => number | undefined; signal: AbortSignal } {
  const coming = new AbortController()
  let seq: number | undefined
  void promise.then((value) => {
    seq = value
    coming.abort()
  })
  return { seq: () => seq, signal: coming.signal }
}

async function stateOf(
  { log, session }: FollowEventsOptions,
  { sentSeq, expectedSeq }: { sentSeq: number; expectedSeq: number | undefined },
): Promise<'open' | 'over' | 'deleted'> {
  const { lastSeq, openTurns } = await log.tail(session)
  // Events were sent, and now the log has none.
  if (lastSeq === 0 && sentSeq > 0) return 'deleted'
  if (expectedSeq === undefined) return 'open'
  return lastSeq > 0 && sentSeq >= Math.max(lastSeq, expectedSeq) && openTurns === 0 ? 'over' : 'open'
}

/** Passes live text on until the time is over, or until shortly after a reply has announced an event that was not read from the log yet. */
async function* waitForHint(wait: {
  inbox: ReplyInbox
  signal: AbortSignal
  untilMs: number
  lastSeq: number
}): AsyncGenerator<SseMessage, void> {
  let { untilMs } = wait
  while (!wait.signal.aborted && performance.now() < untilMs) {
    await wait.inbox.wait(untilMs - performance.now(), wait.signal)
    for (const item of wait.inbox.take()) {
      if (item.kind === 'text') yield { data: JSON.stringify(textEvent(item)) }
      else if (item.kind === 'end' || item.event.seq > wait.lastSeq) untilMs = Math.min(untilMs, performance.now() + hintDelayMs)
    }
  }
}

function textEvent({ sessionId, turn, stepId, attempt, offset, delta }: Extract<ReplyItem, { kind: 'text' }>) {
  return { at: new Date().toISOString(), type: 'step.text', sessionId, turn, stepId, attempt, offset, delta }
}
