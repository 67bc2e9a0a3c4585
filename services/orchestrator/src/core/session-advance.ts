import type { ApprovalPolicy, ApprovalView, SessionEvent } from '@weft/contracts'
import type { Errand, SessionState, StepRef, TurnState } from './session-state.ts'

/** What the host does after the commit (see SessionEffects). Each may be lost, and is issued again by a tick. */
export type SessionCommand =
  | { type: 'plan'; turn: number; planAttempt: number }
  | ({ type: 'dispatch' } & StepRef)
  | ({ type: 'abort' } & StepRef)
  /** Takes an attempt back that was not sent yet. */
  | ({ type: 'hold' } & StepRef)
  | { type: 'end'; turn: number }
  | { type: 'pause'; turn: number }
  /** Whoever follows the turn is told that there is nothing to follow any more. */
  | { type: 'gone'; turn: number; replyTopics: string[] }
  | { type: 'erase' }
  /** Opens the child session of a step, or asks it how far it is. */
  | ({ type: 'visit' } & StepRef)
  | { type: 'call'; errand: Errand }

/** All that an advance knows beside the state and the input. */
export interface AdvanceContext {
  nowMs: number
  /** The approval policies that hold now; a turn takes them over with its plan. */
  policies: ApprovalPolicy[]
  /** By agent, as the cards say now. */
  agentVersions: Record<string, string>
}

export interface Advance {
  state: SessionState
  commands: SessionCommand[]
  events: SessionEvent[]
  /** What whoever sent the input is answered. */
  reply: InputReply | undefined
}

export type InputReply =
  | { kind: 'heard'; isWanted: boolean }
  | { kind: 'needs_history' }
  /** The session was not deleted, because it has gone on since `ifLastSeq`. */
  | { kind: 'kept' }
  /** `begun`: when and how the turn began, unless the session no longer keeps it. */
  | { kind: 'submitted'; turn: number; isRepeat: boolean; lastSeq: number; begun?: Pick<TurnState, 'acceptedAtMs' | 'request'> }
  | { kind: 'decided'; approval: ApprovalView; isRepeat: boolean; lastSeq: number }
