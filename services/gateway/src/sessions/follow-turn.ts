import { errorMessage, hasCode, WeftError } from '@weft/contracts'
import { createTurnAssembler, type TurnAssembler } from '../core/assemble-turn.ts'
import type { SearchTelling } from '../core/tell-search.ts'
import type { TurnOutput } from '../core/turn-output.ts'
import { sessionDeleted } from '../core/turn-end.ts'
import type { SessionRef, Sessions } from './dapr-sessions.ts'
import type { ReplyInbox } from './reply-hub.ts'

export interface FollowOptions {
  session: SessionRef
  turn: number
  inbox: ReplyInbox
  sessions: Pick<Sessions, 'view'>
  /** Whether a pending approval ends the stream; otherwise it is waited for. */
  isPauseEnd: boolean
  isStreamed: boolean
  /** What the outputs tell of the search, before the answer begins. */
  tellsSearch: SearchTelling
  /** Ids of the approvals that the request decided. A view in which one of them is still pending is out of date. */
  decided: ReadonlySet<string>
  /** The turn may have ended before anybody listened, so that the session is asked at once. */
  isRepeat: boolean
  signal: AbortSignal
  nowMs?: () => number
}

/** A clock that only goes forwards: setting the system's clock must not change when the session is asked next. */
const steadyMs = () => performance.now()

/** After this silence the session itself is asked, then less and less often. */
const silenceMs = 2_000
const silenceMaxMs = 5_000
/** When a reply is missing the session is asked after this, because the reply often comes a moment later. */
const graceMs = 20
/** Even then the session is not asked more often than this. */
const viewIntervalMs = 250
/** A session that cannot be read for this long is given up on by this stream, not by the mesh. */
const unreachableMaxMs = 60_000

/**
 * The outputs of one turn until its end. Replies make them come sooner, but the session alone decides what they are: the turn is answered even if every reply
 * is lost. Returns early when `signal` aborts. Throws `gone` for a deleted session, `dependency_unavailable` when it could not be read for a minute.
 */
export async function* followTurn(options: FollowOptions): AsyncGenerator<TurnOutput, void> {
  const nowMs = options.nowMs ?? steadyMs
  const assembler = createTurnAssembler(options)
  const clock = createViewClock(nowMs(), options.isRepeat)
  while (!options.signal.aborted) {
    const items = options.inbox.take()
    if (items.length > 0) clock.heard(nowMs())
    const outputs = items.flatMap((item) => assembler.acceptItem(item, nowMs()))
    outputs.push(...assembler.passTime(nowMs()))
    if (clock.dueAtMs(assembler.needsView(), nowMs()) <= nowMs()) outputs.push(...(await readView(options, assembler, clock)))
    for (const output of joinText(outputs)) {
      yield output
      if (output.type === 'end' || output.type === 'diverged') return
    }
    const untilMs = Math.min(clock.dueAtMs(assembler.needsView(), nowMs()), assembler.dueAtMs() ?? Number.POSITIVE_INFINITY)
    await options.inbox.wait(Math.max(1, untilMs - nowMs()), options.signal)
  }
}

async function readView(options: FollowOptions, assembler: TurnAssembler, clock: ViewClock): Promise<TurnOutput[]> {
  const nowMs = options.nowMs ?? steadyMs
  try {
    const view = await options.sessions.view(options.session, options.signal)
    clock.viewed(nowMs(), true)
    return assembler.acceptView(view)
  } catch (cause) {
    if (options.signal.aborted) return []
    if (hasCode(cause, 'gone')) throw cause
    if (hasCode(cause, 'not_found')) throw sessionDeleted(options.session.sessionId)
    const failingMs = clock.viewed(nowMs(), false)
    const mayRecover = cause instanceof WeftError && (cause.isRetryable || cause.code === 'timeout')
    if (mayRecover && failingMs < unreachableMaxMs) return []
    throw unreachable(options.session.sessionId, cause)
  }
}

function unreachable(sessionId: string, cause: unknown): WeftError {
  const reason = errorMessage(cause)
  return new WeftError(
    'dependency_unavailable',
    `session ${sessionId} cannot be read (${reason}); read its answer later at /v1/sessions/${sessionId}`,
    {
      isRetryable: false,
      cause,
    },
  )
}

interface ViewClock {
  heard(nowMs: number): void
  /** Notes that the session was asked; returns for how long that has failed, in milliseconds. */
  viewed(nowMs: number, isOk: boolean): number
  dueAtMs(isNeeded: boolean, nowMs: number): number
}

/** Decides when the session is asked next. */
function createViewClock(startMs: number, isDueAtOnce: boolean): ViewClock {
  let lastMs = startMs
  let pauseMs = silenceMs
  let viewedAtMs = isDueAtOnce ? undefined : startMs - viewIntervalMs
  let neededSinceMs: number | undefined
  let failingSinceMs: number | undefined
  return {
    heard(nowMs) {
      lastMs = nowMs
      pauseMs = silenceMs
    },
    viewed(nowMs, isOk) {
      lastMs = nowMs
      viewedAtMs = nowMs
      pauseMs = Math.min(silenceMaxMs, pauseMs + 1_000)
      neededSinceMs = undefined
      failingSinceMs = isOk ? undefined : (failingSinceMs ?? nowMs)
      return failingSinceMs === undefined ? 0 : nowMs - failingSinceMs
    },
    dueAtMs(isNeeded, nowMs) {
      if (viewedAtMs === undefined) return nowMs
      neededSinceMs = isNeeded ? (neededSinceMs ?? nowMs) : undefined
      const silentAtMs = lastMs + pauseMs
      return neededSinceMs === undefined
        ? silentAtMs
        : Math.min(silentAtMs, Math.max(neededSinceMs + graceMs, viewedAtMs + viewIntervalMs))
    },
  }
}

/** Joins deltas that are there at the same time, so that they become one chunk. */
function joinText(outputs: TurnOutput[]): TurnOutput[] {
  const joined: TurnOutput[] = []
  for (const output of outputs) {
    const last = joined.at(-1)
    if (output.type === 'text' && last?.type === 'text')
      joined[joined.length - 1] = { type: 'text', delta: last.delta + output.delta }
    else joined.push(output)
  }
  return joined
}
