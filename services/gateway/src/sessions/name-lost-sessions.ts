import { hasCode, WeftError } from '@weft/contracts'
import type { SessionRef, Sessions } from './dapr-sessions.ts'
import type { SessionLog } from './session-log.ts'

/**
 * Sessions that tell lost ones from unknown ones. A session is lost when the log lists it and the state store does not have it, as after a store was put back
 * from an older backup. Whoever tries to decide about a lost session, or to end it, is refused with `gone` and told why, and not with `not_found`.
 */
export function namingLost(sessions: Sessions, log: Pick<SessionLog, 'find'>): Sessions {
  const orTellLost = async <T>(session: SessionRef, asked: Promise<T>): Promise<T> => {
    try {
      return await asked
    } catch (cause) {
      throw hasCode(cause, 'not_found') && (await isLost(session)) ? lost(session, cause) : cause
    }
  }

  /** Asks the session too, because what is missing may be an approval in a session that exists. */
  async function isLost(session: SessionRef): Promise<boolean> {
    const isThere = await sessions.view(session).then(
      () => true,
      (cause: unknown) => !hasCode(cause, 'not_found'),
    )
    return !isThere && (await log.find(session).catch(() => undefined)) !== undefined
  }

  return {
    ...sessions,
    cancel: (session, turn) => orTellLost(session, sessions.cancel(session, turn)),
    pause: (session) => orTellLost(session, sessions.pause(session)),
    resume: (session) => orTellLost(session, sessions.resume(session)),
    decide: (session, decision, signal) => orTellLost(session, sessions.decide(session, decision, signal)),
  }
}

function lost({ sessionId }: SessionRef, cause: unknown): WeftError {
  const message = `session ${sessionId} is in the log, but not in the state store (Redis) any more, which is older than the database, or another one: restore the one of the same moment, or delete the session`
  return new WeftError('gone', message, { isRetryable: false, cause, details: { sessionId } })
}
