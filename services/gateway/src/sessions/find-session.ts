import { errorMessage, hasCode, type SessionView, WeftError } from '@weft/contracts'
import { unknownSession } from '../core/unknown-session.ts'
import { isPassing } from '../retry-briefly.ts'
import { settleWithin } from '../settle-within.ts'
import type { SessionRef, Sessions } from './dapr-sessions.ts'
import type { SessionLog, SessionSummary } from './session-log.ts'

export interface FindSessionDeps {
  sessions: Pick<Sessions, 'view'>
  log: Pick<SessionLog, 'find'>
}

/** A session known by its actor, by the log, or by both. */
export interface FoundSession {
  view: SessionView | undefined
  summary: SessionSummary | undefined
}

const logLimit = { ms: 3_000, what: 'the database' }

/** Looks a session up at its actor and in the log. Throws `not_found` when neither has it, `dependency_unavailable` when that cannot be found out. */
export async function findSession(deps: FindSessionDeps, session: SessionRef): Promise<FoundSession> {
  const [viewed, logged] = await Promise.allSettled([deps.sessions.view(session), settleWithin(deps.log.find(session), logLimit)])
  const view = viewed.status === 'fulfilled' ? viewed.value : undefined
  const summary = logged.status === 'fulfilled' ? logged.value : undefined
  if (view !== undefined || summary !== undefined) return { view, summary }
  for (const lookup of [viewed, logged]) {
    if (lookup.status === 'rejected' && !hasCode(lookup.reason, 'not_found'))
      throw isPassing(lookup.reason) ? unreachable(lookup.reason) : lookup.reason
  }
  throw unknownSession(session.sessionId)
}

/**
 * Looks a session up whose events are to be read. Resolves as soon as the log has it, without waiting for the actor; `lastSeq` resolves to the session's
 * newest event when the actor answers, or to 0 when it does not. Throws as `findSession`.
 */
export async function findLog(deps: FindSessionDeps, session: SessionRef): Promise<{ lastSeq: Promise<number> }> {
  const summary = settleWithin(deps.log.find(session), logLimit)
  const found = findSession({ ...deps, log: { find: () => summary } }, session)
  const lastSeq = found.then(({ view }) => view?.lastSeq ?? 0)
  lastSeq.catch(() => undefined)
  const isLogged = await summary.then(
    (row) => row !== undefined,
    () => false,
  )
  if (!isLogged) await found
  return { lastSeq }
}

function unreachable(cause: unknown): WeftError {
  return new WeftError('dependency_unavailable', errorMessage(cause), { cause })
}
