import {
  ApprovalDecided,
  type DecideApproval,
  ForkSource,
  hasCode,
  type ReplyDetail,
  SessionView,
  type SubmitTurn,
  sessionActorId,
  TurnAccepted,
} from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import { z } from 'zod'
import { unknownApproval } from '../core/decision-request.ts'
import { unknownSession } from '../core/unknown-session.ts'

/** A session of a tenant; the tenant always comes from the key. */
export interface SessionRef {
  tenant: string
  sessionId: string
}

/** The session actors. Each method throws the session's refusal (`not_found`, …) or `dependency_unavailable`. */
export interface Sessions {
  submit(turn: SubmitTurn, signal: AbortSignal): Promise<TurnAccepted>
  view(session: SessionRef, signal?: AbortSignal): Promise<SessionView>
  /** Sends the replies of running turns to this topic too, in that detail. */
  attach(session: SessionRef, replyTopic: string, replyDetail: ReplyDetail): Promise<void>
  /** Cancels one turn, or all that run; harmless when nothing does. */
  cancel(session: SessionRef, turn?: number): Promise<SessionView>
  /** Cancels the turn that was submitted under this key; resolves to whether the session has taken it. */
  cancelRequest(session: SessionRef, idempotencyKey: string): Promise<boolean>
  /**
   * What a fork of a turn (default: the newest) begins with: the outputs of its finished steps, without those of `fromStep` and of all that depends on it.
   */
  seed(
    session: SessionRef,
    wish: { turn?: number | undefined; fromStep?: string | undefined },
    signal: AbortSignal,
  ): Promise<ForkSource>
  /** Begins nothing new until it is resumed. */
  pause(session: SessionRef): Promise<SessionView>
  resume(session: SessionRef): Promise<SessionView>
  /** Ends what runs and forgets the session; harmless when that was done before. */
  delete(session: SessionRef): Promise<void>
  /** Deletes a session that has ended and in which nothing has happened since this event; resolves to false if it stays. */
  expire(session: SessionRef, lastSeq: number): Promise<boolean>
  /** Decides about one of the session's approvals, or changes it. */
  decide(session: SessionRef, decision: DecideApproval, signal: AbortSignal): Promise<ApprovalDecided>
}

const Cancelled = z.object({ isTaken: z.boolean() })
const Expired = z.object({ deleted: z.boolean() })

/** How long an actor may be silent. It usually answers within milliseconds, and within a second when it has just moved to another host. */
const callPatienceMs = 5_000

export function createSessions(sidecar: Pick<Sidecar, 'callActor'>): Sessions {
  const call = <T extends z.ZodType>(
    session: SessionRef,
    method: string,
    more: { schema: T; body?: unknown; signal?: AbortSignal | undefined; approvalId?: string },
  ) =>
    sidecar
      .callActor(
        { type: 'Session', id: sessionActorId(session.tenant, session.sessionId), method },
        { schema: more.schema, body: more.body ?? {}, signal: more.signal, patienceMs: callPatienceMs },
      )
      .catch((cause: unknown) => {
        if (!isBareNotFound(cause)) throw cause
        throw more.approvalId === undefined ? unknownSession(session.sessionId, cause) : unknownApproval(more.approvalId)
      })
  return {
    submit: (turn, signal) => call(turn, 'submit', { schema: TurnAccepted, body: turn, signal }),
    view: (session, signal) => call(session, 'view', { schema: SessionView, signal }),
    async attach(session, replyTopic, replyDetail) {
      await call(session, 'attach', { schema: z.unknown(), body: { replyTopic, replyDetail } })
    },
    cancel: (session, turn) => call(session, 'cancel', { schema: SessionView, body: turn === undefined ? {} : { turn } }),
    async cancelRequest(session, idempotencyKey) {
      return (await call(session, 'cancelRequest', { schema: Cancelled, body: { idempotencyKey } })).isTaken
    },
    seed: (session, wish, signal) => call(session, 'seed', { schema: ForkSource, body: wish, signal }),
    pause: (session) => call(session, 'pause', { schema: SessionView }),
    resume: (session) => call(session, 'resume', { schema: SessionView }),
    async delete(session) {
      const { tenant, sessionId } = session
      await call(session, 'delete', { schema: z.unknown(), body: { tenant, sessionId } })
    },
    async expire(session, lastSeq) {
      const { tenant, sessionId } = session
      return (await call(session, 'expire', { schema: Expired, body: { tenant, sessionId, lastSeq } })).deleted
    },
    decide: (session, decision, signal) =>
      call(session, 'decide', { schema: ApprovalDecided, body: decision, signal, approvalId: decision.approvalId }),
  }
}

/** Whether an actor has no state: its refusal does not name the session, which is therefore done here. */
function isBareNotFound(cause: unknown): boolean {
  return hasCode(cause, 'not_found') && cause.param === undefined
}
