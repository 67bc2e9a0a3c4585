import { isTerminalTurn, type SessionEvent, type SessionView, TurnStatus, type TurnView, WeftError } from '@weft/contracts'
import { isTurnEnd, turnsFromEvents } from '../core/turns-from-events.ts'
import { isPassing } from '../retry-briefly.ts'
import { settleWithin } from '../settle-within.ts'
import type { SessionRef, Sessions } from './dapr-sessions.ts'
import type { FoundSession } from './find-session.ts'
import type { SessionLog } from './session-log.ts'

/** How many events are read to restore a session's turns; of a longer session only the oldest turns are shown, and it says so. */
const eventsMax = 10_000
const pageEvents = 500
/** A session that has its newest turns itself is shown without the older ones if the log takes longer than this. */
const logLimit = { ms: 5_000, what: 'the database' }

/** A session with all its turns: those that it still keeps, and from the log those that it does not keep any more, or all if it cannot be asked. */
export async function restoreView(
  log: Pick<SessionLog, 'eventsAfter'>,
  session: SessionRef,
  { view, summary }: FoundSession,
): Promise<SessionView> {
  if (view === undefined || (view.turns.length === 0 && view.lastSeq > 0)) {
    return viewFromLog(await readEvents(log, session), session, { view, summary })
  }
  const dropped = droppedTurns(view)
  if (dropped.size === 0) return view
  const events = await settleWithin(readEvents(log, session, dropped), logLimit).catch(noneIfAway)
  const older = turnsFromEvents(events).filter(({ turn, status }) => dropped.has(turn) && isTerminalTurn(status))
  const turns = [...older, ...view.turns].toSorted((left, right) => left.turn - right.turn)
  return { ...view, turns, ...(older.length < dropped.size ? { hasMoreTurns: true } : {}) }
}

/**
 * Sessions whose view also has `turn` if the session no longer keeps it: its beginning and its end, from the log. The view throws `gone` when the log does not
 * have the turn either.
 */
export function withDroppedTurn(
  deps: { sessions: Pick<Sessions, 'view'>; log: Pick<SessionLog, 'turnEnds'> },
  turn: number,
): Pick<Sessions, 'view'> {
  return {
    view: async (session, signal) => {
      const view = await deps.sessions.view(session, signal)
      if (!droppedTurns(view).has(turn)) return view
      const [dropped] = turnsFromEvents(await settleWithin(deps.log.turnEnds(session, turn), logLimit))
      if (dropped === undefined) throw new WeftError('gone', `turn ${turn} of session ${session.sessionId} is kept no more`)
      return { ...view, turns: [dropped, ...view.turns] }
    },
  }
}

function viewFromLog(events: SessionEvent[], { sessionId }: SessionRef, { view, summary }: FoundSession): SessionView {
  const lastSeq = view?.lastSeq ?? summary?.lastSeq ?? 0
  const isCut = events.length >= eventsMax && (events.at(-1)?.seq ?? 0) < lastSeq
  const read = turnsFromEvents(events)
  const turns = isCut ? read.filter(({ status }) => isTerminalTurn(status)) : read
  return {
    id: sessionId,
    object: 'session',
    createdAt: view?.createdAt ?? summary?.createdAt ?? '',
    updatedAt: view?.updatedAt ?? summary?.updatedAt ?? '',
    lastSeq,
    ...(summary?.user === undefined ? {} : { user: summary.user }),
    status: (isCut ? undefined : statusOf(turns)) ?? TurnStatus.safeParse(summary?.status).data ?? 'completed',
    turns,
    ...(isCut ? { hasMoreTurns: true } : {}),
  }
}

function statusOf(turns: TurnView[]): TurnStatus | undefined {
  return (turns.find(({ status }) => !isTerminalTurn(status)) ?? turns.at(-1))?.status
}

/** The numbers of the turns that a session does not keep any more; turns are numbered from 1 without a gap. */
function droppedTurns({ turns }: SessionView): Set<number> {
  const kept = new Set(turns.map(({ turn }) => turn))
  const numbers = Array.from({ length: turns.at(-1)?.turn ?? 0 }, (_, index) => index + 1)
  return new Set(numbers.filter((turn) => !kept.has(turn)))
}

function noneIfAway(cause: unknown): SessionEvent[] {
  if (isPassing(cause)) return []
  throw cause
}

/** Reads events from the beginning: all of them, or only until every wanted turn has ended. */
async function readEvents(
  log: Pick<SessionLog, 'eventsAfter'>,
  session: SessionRef,
  wanted?: ReadonlySet<number>,
): Promise<SessionEvent[]> {
  const events: SessionEvent[] = []
  const ended = new Set<number>()
  while (events.length < eventsMax) {
    const page = await log.eventsAfter(session, events.at(-1)?.seq ?? 0, pageEvents)
    events.push(...page.map(withoutMessages))
    for (const { type, turn } of page) if (isTurnEnd(type) && wanted?.has(turn) === true) ended.add(turn)
    if (page.length === 0 || ended.size === wanted?.size) break
  }
  return events
}

/** Without the messages that were asked, which are long and no part of a turn's view. */
function withoutMessages({ messages: _messages, ...event }: SessionEvent): SessionEvent {
  return event
}
