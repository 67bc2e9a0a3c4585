import { type SessionEvent, type SessionView, TurnStatus } from '@weft/contracts'
import { turnsFromEvents } from './core/turns-from-events.ts'
import type { SessionRef } from './dapr-sessions.ts'
import type { FoundSession } from './find-session.ts'
import type { SessionLog } from './session-log.ts'

/** Events of a session that are read to tell its turns, at most; a longer session shows its oldest turns. */
const eventsMax = 10_000
const pageEvents = 500

/** A session with its turns: as it keeps them itself, or, once it does not or cannot be reached, as the log tells them. */
export async function restoreView(
  log: Pick<SessionLog, 'eventsAfter'>,
  session: SessionRef,
  { view, summary }: FoundSession,
): Promise<SessionView> {
  if (view !== undefined && (view.turns.length > 0 || view.lastSeq === 0)) return view
  const turns = turnsFromEvents(await readEvents(log, session))
  const told = TurnStatus.safeParse(summary?.status)
  const status = turns.at(-1)?.status ?? told.data ?? 'completed'
  return {
    id: session.sessionId,
    object: 'session',
    createdAt: view?.createdAt ?? summary?.createdAt ?? '',
    updatedAt: view?.updatedAt ?? summary?.updatedAt ?? '',
    lastSeq: view?.lastSeq ?? summary?.lastSeq ?? 0,
    ...(summary?.user === undefined ? {} : { user: summary.user }),
    status,
    turns,
  }
}

async function readEvents(log: Pick<SessionLog, 'eventsAfter'>, session: SessionRef): Promise<SessionEvent[]> {
  const events: SessionEvent[] = []
  while (events.length < eventsMax) {
    const page = await log.eventsAfter(session, events.at(-1)?.seq ?? 0, pageEvents)
    if (page.length === 0) break
    events.push(...page)
  }
  return events
}
