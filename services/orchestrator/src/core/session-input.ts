import type {
  ChatMessage,
  DecideApproval,
  NeedsApprovalEvent,
  Problem,
  ReplyDetail,
  SubmitTurn,
  Usage,
  WorkflowPlan,
  WorkflowStep,
} from '@weft/contracts'
import type { ChildTold, Errand, StepOutcome, StepRef } from './session-state.ts'

/** The inputs of a session: what clients ask, what planner and agents answered, and the heartbeat. */
export type SessionInput =
  | { type: 'activate' }
  | {
      type: 'submit'
      request: SubmitTurn
      /** What was said in turns that the session no longer holds; to be sent along once the reply was `needs_history`. */
      history?: ChatMessage[]
    }
  | { type: 'planned'; turn: number; planAttempt: number; result: PlanResult }
  | ({ type: 'progress'; message: string; fraction: number | undefined } & StepRef)
  | ({ type: 'checkpoint'; state: unknown } & StepRef)
  /** An attempt of a step that must not happen twice is about to be sent. */
  | ({ type: 'sending' } & StepRef)
  /** An attempt was taken back before it was sent. */
  | ({ type: 'unsent' } & StepRef)
  | ({ type: 'outcome'; outcome: AttemptOutcome; usage: Usage[]; agentVersion?: string | undefined } & StepRef)
  | { type: 'tick' }
  | { type: 'cancel'; turn: number | undefined }
  | { type: 'attach'; replyTopic: string; replyDetail: ReplyDetail }
  | { type: 'decide'; decision: DecideApproval }
  /** `seq`: that of the parent's call, if it is the parent that pauses or resumes. */
  | { type: 'pause' | 'resume'; seq?: number | undefined }
  /** What a child session is now, or why there is none. */
  | ({ type: 'child'; sessionId: string; told: ChildTold | Problem } & StepRef)
  | { type: 'childChanged'; turn: number; stepId: string; seq: number }
  /** `isWanted`: whether the session that was called exists and, if it is the parent, still wants this session's turn. */
  | { type: 'arrived'; errand: Errand; isWanted: boolean }
  | { type: 'compact' }
  /** `ifLastSeq`: only if all its turns have ended, and nothing happened since this event. */
  | { type: 'delete'; ifLastSeq?: number }
  | { type: 'erased' }
  | { type: 'flushed'; upToSeq: number }

export type PlanResult =
  | { kind: 'plan'; plan: WorkflowPlan }
  | { kind: 'message'; text: string; degraded: string[] }
  | { kind: 'problem'; problem: Problem }

/** `steps`: steps to be added to the plan, which have to be done before those that wait for this one. */
export type AttemptOutcome =
  | ({ kind: 'succeeded'; steps?: WorkflowStep[] } & StepOutcome)
  | ({ kind: 'needs_approval' } & Omit<NeedsApprovalEvent, 'type'>)
  | {
      kind: 'failed'
      problem: Problem
      /** The agent may have done its work although nothing said so: its answer was lost, or did not end. */
      mayHaveHappened?: boolean
    }
