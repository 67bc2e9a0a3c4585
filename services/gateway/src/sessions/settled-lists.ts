import type { ApprovalLog } from '../approvals/approval-log.ts'
import type { SessionRef, Sessions } from './dapr-sessions.ts'
import type { FeedbackStore } from './feedback-store.ts'
import type { ReplyHub } from './reply-hub.ts'
import type { SessionLog } from './session-log.ts'
import type { ToldSessions } from './told-sessions.ts'

type Tell = Pick<ToldSessions, 'tell'>
type Settle = Pick<ToldSessions, 'settle'>

/**
 * The same sessions, but notes how far each answer tells of its session. Deleting one also waits until it is gone from the log, so that no gateway lists it any
 * more.
 */
export function tellingSessions(sessions: Sessions, told: ToldSessions): Sessions {
  const noting = async <T extends { lastSeq?: number | undefined }>(session: SessionRef, answering: Promise<T>): Promise<T> => {
    const answer = await answering
    if (answer.lastSeq !== undefined) told.tell(session, answer.lastSeq)
    return answer
  }
  return {
    ...sessions,
    submit: (turn, signal) => noting(turn, sessions.submit(turn, signal)),
    view: (session, signal) => noting(session, sessions.view(session, signal)),
    cancel: (session, turn) => noting(session, sessions.cancel(session, turn)),
    pause: (session) => noting(session, sessions.pause(session)),
    resume: (session) => noting(session, sessions.resume(session)),
    decide: (session, decision, signal) => noting(session, sessions.decide(session, decision, signal)),
    async delete(session) {
      await sessions.delete(session)
      told.tell(session, 'deleted')
      // The session is deleted even if the log cannot be read now.
      await told.settle(session.tenant, session.sessionId).catch(() => undefined)
    },
  }
}

/** The same hub, but notes of which ends of turns it has told. */
export function tellingHub(hub: ReplyHub, told: Tell): ReplyHub {
  return {
    ...hub,
    deliver(batch) {
      for (const item of batch.items) if (item.kind === 'end' && item.lastSeq !== undefined) told.tell(item, item.lastSeq)
      hub.deliver(batch)
    },
  }
}

/** The same log, but its lists wait until they hold everything that callers of this gateway have been told. */
export function settledSessionLog(log: SessionLog, told: Settle): SessionLog {
  return {
    ...log,
    async list(query) {
      await told.settle(query.tenant)
      return log.list(query)
    },
    async eventsOfTurn(session, turn) {
      await told.settle(session.tenant, session.sessionId)
      return log.eventsOfTurn(session, turn)
    },
    async asked(session, turn) {
      await told.settle(session.tenant, session.sessionId)
      return log.asked(session, turn)
    },
    async messages(session, page) {
      await told.settle(session.tenant)
      return log.messages(session, page)
    },
  }
}

/** The same approvals, but their lists wait in the same way. */
export function settledApprovals(approvals: ApprovalLog, told: Settle): ApprovalLog {
  return {
    ...approvals,
    async pending(query) {
      await told.settle(query.tenant)
      return approvals.pending(query)
    },
    async history(query) {
      await told.settle(query.tenant)
      return approvals.history(query)
    },
  }
}

/** The same store, but feedback waits until the log has the answer that callers of this gateway have been told of. */
export function settledFeedback(feedback: FeedbackStore, told: Settle): FeedbackStore {
  return {
    async save(session, givenBy, given) {
      await told.settle(session.tenant, session.sessionId)
      return feedback.save(session, givenBy, given)
    },
  }
}
