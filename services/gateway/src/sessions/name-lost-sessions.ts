import { hasCode, WeftError } from '@weft/contracts'
import type { SessionRef, Sessions } from './dapr-sessions.ts'
import type { SessionLog } from './session-log.ts'

/**
 * Where the state store is older than the log, or another one, the log lists sessions that nobody can decide about or end. Who tries is told so (`gone`),
 * rather than that there is no such session.
 */
export function namingLost(sessions: Sessions, log: Pick<SessionLog, 'find'>): Sessions {
  const named = async <T>(session: SessionRef, asked: Promise<T>): Promise<T> => {
    try {
      return await asked
    } catch (cause) {
      throw isMissing(cause) && (await isLost(session)) ? lost(session, cause) : cause
    }
  }

  /** An approval may be what is missing, and the session there. */
  async function isLost(session: SessionRef): Promise<boolean> {
    const isThere = await sessions.view(session).then(
      () => true,
      (cause: unknown) => !isMissing(cause),
    )
    return !isThere && (await log.find(session).catch(() => undefined)) !== undefined
  }

  return {
    ...sessions,
    cancel: (session, turn) => named(session, sessions.cancel(session, turn)),
    pause: (session) => named(session, sessions.pause(session)),
    resume: (session) => named(session, sessions.resume(session)),
    decide: (session, decision, signal) => named(session, sessions.decide(session, decision, signal)),
  }
}

const isMissing = (cause: unknown) => hasCode(cause, 'not_found')

function lost({ sessionId }: SessionRef, cause: unknown): WeftError {
  const message = `session ${sessionId} is in the log, but not in the state store (Redis) any more, which is older than the database, or another one: restore the one of the same moment, or delete the session`
  return new WeftError('gone', message, { isRetryable: false, cause, details: { sessionId } })
}
