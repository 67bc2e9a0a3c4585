import {
  type ApprovalDecided,
  type DecideApproval,
  type ForkSource,
  type ReplyItem,
  type SessionView,
  type SubmitTurn,
  WeftError,
} from '@weft/contracts'
import type { Sessions } from '../sessions/dapr-sessions.ts'
import type { ReplyHub } from '../sessions/reply-hub.ts'
import { place, turnOf } from './turns.ts'

/** A session of the tests' own: what it answers is scripted, what it was asked is kept. */
export interface ScriptedSession extends Sessions {
  submitted: SubmitTurn[]
  cancelled: (number | undefined)[]
  attached: string[]
  decided: DecideApproval[]
  /** Names of the other methods, as they were called. */
  called: string[]
  /** Called for every accepted turn; sends replies, at once or later. */
  onSubmit(turn: SubmitTurn, reply: (...items: ReplyItem[]) => void): void
  onSeed(wish: { turn?: number | undefined; fromStep?: string | undefined }): ForkSource
  onView(sessionId: string): SessionView
  onDecide(decision: DecideApproval): ApprovalDecided
}

export function createScriptedSession(hub: ReplyHub): ScriptedSession {
  const session: ScriptedSession = {
    submitted: [],
    cancelled: [],
    attached: [],
    decided: [],
    called: [],
    onSubmit: () => undefined,
    onSeed: () => {
      throw new WeftError('not_found', 'no such session')
    },
    onView: () => {
      throw new WeftError('not_found', 'no such session')
    },
    onDecide: () => {
      throw new WeftError('not_found', 'no such approval')
    },
    async submit(turn) {
      session.submitted.push(turn)
      const { tenant, sessionId } = turn
      session.onSubmit(turn, (...items) => hub.deliver({ items: items.map((item) => ({ ...item, tenant, sessionId })) }))
      return { sessionId, turn: place.turn, isRepeat: false, acceptedAt: turnOf().acceptedAt }
    },
    view: async ({ sessionId }) => session.onView(sessionId),
    async attach(_session, replyTopic) {
      session.attached.push(replyTopic)
    },
    async expire() {
      session.called.push('expire')
      return true
    },
    seed: async (_session, wish) => session.onSeed(wish),
    async pause({ sessionId }) {
      session.called.push('pause')
      return session.onView(sessionId)
    },
    async resume({ sessionId }) {
      session.called.push('resume')
      return session.onView(sessionId)
    },
    async delete() {
      session.called.push('delete')
    },
    async decide(_session, decision) {
      session.decided.push(decision)
      return session.onDecide(decision)
    },
    cancelRequest: async () => false,
    async cancel({ sessionId }, turn) {
      session.cancelled.push(turn)
      return session.onView(sessionId)
    },
  }
  return session
}
