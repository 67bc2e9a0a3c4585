import type {
  ApprovalChange,
  ApprovalDecision,
  ApprovalKind,
  ApprovalPolicy,
  ApprovalTerms,
  ApprovalView,
  ApprovalVote,
  ChatMessage,
  Citation,
  DecideApproval,
  NeedsApprovalEvent,
  ParentStep,
  Problem,
  ReplyDetail,
  Risk,
  SessionEvent,
  StepDecision,
  StepStatus,
  SubmitTurn,
  TurnAnswer,
  TurnStatus,
  TurnVersions,
  TurnView,
  Usage,
  WorkflowPlan,
  WorkflowStep,
} from '@weft/contracts'

export interface SessionState {
  tenant: string
  sessionId: string
  user: string | undefined
  createdAtMs: number
  /** When its newest event happened; loading a session, or looking at it, is none. */
  updatedAtMs: number
  /** Counts activations; work of an earlier epoch no longer counts. */
  epoch: number
  /** Counts commits; guards the head against a second writer. */
  revision: number
  lastSeq: number
  lastTurn: number
  lastApproval: number
  /** Nothing new is planned or dispatched until the session is resumed; what runs runs on. */
  isPaused: boolean
  /** The newest errand of the parent's that paused or resumed it; an older one that comes late no longer counts. */
  heardSeq: number
  /** A deleted session keeps only that it was: `erasing` until the database has forgotten it too. */
  deletion: 'none' | 'erasing' | 'erased'
  /** Oldest first; at most `turnsKept` ended ones. */
  turns: TurnState[]
  /** What was asked under an idempotency key of the client's in turns that were given up: asked again, it is not done again. Oldest first. */
  pastRequests: PastRequest[]
  /** Calls to other sessions that are not yet known to have arrived. */
  errands: Errand[]
  /** Events committed but not yet known to be in the event log. */
  outbox: OutboxBatch[]
}

export interface PastRequest {
  turn: number
  idempotencyKey: string
  requestHash: string
  endedAtMs: number
}

/** `seq`: as of which event; the same call made again is another one. */
export type Errand =
  | { to: 'child'; sessionId: string; method: 'cancel' | 'pause' | 'resume' | 'delete'; seq: number }
  /** Where this turn stands, or what it asks, has changed. */
  | { to: 'parent'; turn: number; parent: ParentStep; seq: number }

export interface OutboxBatch {
  epoch: number
  events: SessionEvent[]
}

export type TurnPhase = 'queued' | 'planning' | 'running' | 'ended'

export interface TurnState {
  turn: number
  phase: TurnPhase
  status: TurnStatus
  request: SubmitTurn
  acceptedAtMs: number
  endedAtMs: number | undefined
  replyTopics: string[]
  replyDetail: ReplyDetail
  planAttempt: number
  planNotBeforeMs: number
  plan: WorkflowPlan | undefined
  /** 0 without a plan, then 1, and one more for every change to it. */
  planVersion: number
  /** Those that held when the plan was adopted; a later change of the file does not reach this turn. */
  policies: ApprovalPolicy[]
  /** What the turn began with: a later version of Weft or of an agent's card that takes over on the way can be told from it. */
  versions: TurnVersions
  steps: Record<string, StepState>
  /** Oldest first. */
  approvals: ApprovalState[]
  answer: TurnAnswer | undefined
}

export interface StepState {
  status: StepStatus
  /** The agent that does it now; a fallback replaces the plan's. */
  agent: string
  /** That of its last attempt: as the agent told with its end, until then as its card says. */
  agentVersion: string | undefined
  attempt: number
  /** Attempts that ended with their host or with an earlier plan, not by failing. */
  interruptions: number
  /** How often it was told to do something else after it had run: other work, under another idempotency key. */
  revision: number
  epoch: number
  /** A step that waits to be tried again is `ready` until then. */
  notBeforeMs: number
  deadlineMs: number
  startedAtMs: number | undefined
  endedAtMs: number | undefined
  usage: Usage[]
  problem: Problem | undefined
  outcome: StepOutcome | undefined
  checkpoint: unknown
  /** How many it has reported, also those that no longer count. */
  checkpointCount: number
  progressCount: number
  /** The pending approval it waits for. */
  approvalId: string | undefined
  /** What was decided about it, oldest first. */
  decisions: StepDecision[]
  /** What the last granted approval was bound to; anything else asks again. */
  approvedHash: string | undefined
  child: ChildState | undefined
  shareUsd: number | undefined
  /** Taken over from the turn this one was forked from. */
  isReused: boolean
}

/** The session that does a step's work, as far as it has told. */
export interface ChildState {
  sessionId: string
  status: TurnStatus
  /** Its pending approvals, and its own children's. */
  approvals: ApprovalView[]
  /** As of which of its events this is so, and as of which it said that it is otherwise. */
  toldSeq: number
  changedSeq: number
  /** Since when it waits for people, in epoch milliseconds: that time is not its step's. */
  waitsSinceMs: number | undefined
}

/** What a child's turn shows, and as of which event. */
export type ChildTold = Pick<TurnView, 'status' | 'approvals' | 'answer'> & { seq: number }

/** What is asked. */
export interface ApprovalQuestion {
  agent: string
  capability: string
  action: string
  args: unknown
  reason: string
  impact: string | undefined
  risk: Risk
  policy: string | undefined
  suggestion: ApprovalView['suggestion']
  context: ApprovalView['context']
  costUsd: ApprovalView['costUsd']
  terms: ApprovalTerms
}

export interface ApprovalState {
  id: string
  kind: ApprovalKind
  stepId: string
  question: ApprovalQuestion
  /** Counts what was asked in its place since: other arguments, put by an approver. */
  questionVersion: number
  status: ApprovalView['status']
  hash: string
  planVersion: number
  assignees: string[]
  quorum: number
  votes: ApprovalVote[]
  /** What approvers changed of what was first asked. */
  changes: ApprovalChange[]
  commentCount: number
  /** Who gave a seat to whom, the newest ones. */
  delegations: { by: string; to: string }[]
  requestedAtMs: number
  deadlineMs: number | undefined
  remindAtMs: number | undefined
  snoozedUntilMs: number | undefined
  escalationLevel: number
  decision: ApprovalDecision | undefined
}

export interface StepOutcome {
  output: unknown
  citations: Citation[]
  confidence: number
  /** What the output lacks, beside what it says of itself. */
  degraded?: string[] | undefined
}

/** The inputs of a session: what clients ask, what planner and agents answered, and the heartbeat. */
export type SessionInput =
  | { type: 'activate' }
  | {
      type: 'submit'
      request: SubmitTurn
      /** What was said before, when the session's own turns no longer tell; asked for by the reply `needs_history`. */
      history?: ChatMessage[]
    }
  | { type: 'planned'; turn: number; planAttempt: number; result: PlanResult }
  | ({ type: 'progress'; message: string; fraction: number | undefined } & StepRef)
  | ({ type: 'checkpoint'; state: unknown } & StepRef)
  | ({ type: 'outcome'; outcome: AttemptOutcome; usage: Usage[]; agentVersion?: string | undefined } & StepRef)
  | { type: 'tick' }
  | { type: 'cancel'; turn: number | undefined }
  | { type: 'attach'; replyTopic: string; replyDetail: ReplyDetail }
  | { type: 'decide'; decision: DecideApproval }
  /** `seq`: of the errand, when the parent asks. */
  | { type: 'pause' | 'resume'; seq?: number | undefined }
  /** What a child session is now, or why there is none. */
  | ({ type: 'child'; sessionId: string; told: ChildTold | Problem } & StepRef)
  | { type: 'childChanged'; turn: number; stepId: string; seq: number }
  /** `isWanted`: whether whoever was called still has to do with it. */
  | { type: 'arrived'; errand: Errand; isWanted: boolean }
  | { type: 'compact' }
  /** `ifLastSeq`: only if all its turns have ended, and nothing happened since this event. */
  | { type: 'delete'; ifLastSeq?: number }
  | { type: 'erased' }
  | { type: 'flushed'; upToSeq: number }

/** One attempt of one step; a result counts only while its epoch and attempt are current. */
export interface StepRef {
  turn: number
  stepId: string
  epoch: number
  attempt: number
}

export type PlanResult =
  | { kind: 'plan'; plan: WorkflowPlan }
  | { kind: 'message'; text: string; degraded: string[] }
  | { kind: 'problem'; problem: Problem }

/** `steps`: what else has to be done before those that wait for this step. */
export type AttemptOutcome =
  | ({ kind: 'succeeded'; steps?: WorkflowStep[] } & StepOutcome)
  | ({ kind: 'needs_approval' } & Omit<NeedsApprovalEvent, 'type'>)
  | {
      kind: 'failed'
      problem: Problem
      /** The agent may have done its work, though nothing told so: its answer was lost, or never ended. */
      mayHaveHappened?: boolean
    }

/** What the shell does after the commit. Each may be lost and is issued again by a tick. */
export type SessionCommand =
  | { type: 'plan'; turn: number; planAttempt: number }
  | ({ type: 'dispatch' } & StepRef)
  | ({ type: 'abort' } & StepRef)
  | { type: 'end'; turn: number }
  | { type: 'pause'; turn: number }
  /** Whoever follows the turn is told that there is nothing to follow any more. */
  | { type: 'gone'; turn: number; replyTopics: string[] }
  | { type: 'erase' }
  /** Opens the child session of a step, or asks it how far it is. */
  | ({ type: 'visit' } & StepRef)
  | { type: 'call'; errand: Errand }

/** What an advance knows of the world. */
export interface AdvanceContext {
  nowMs: number
  /** Those that hold now; a turn takes them over with its plan. */
  policies: ApprovalPolicy[]
  /** By agent, as the cards say now. */
  agentVersions: Record<string, string>
}

export interface Advance {
  state: SessionState
  commands: SessionCommand[]
  events: SessionEvent[]
  /** What the input's sender is told. */
  reply: InputReply | undefined
}

export type InputReply =
  | { kind: 'heard'; isWanted: boolean }
  | { kind: 'needs_history' }
  /** It was not deleted: it has gone on. */
  | { kind: 'kept' }
  /** `begun`: the turn, unless it was given up. */
  | { kind: 'submitted'; turn: number; isRepeat: boolean; lastSeq: number; begun?: Pick<TurnState, 'acceptedAtMs' | 'request'> }
  | { kind: 'decided'; approval: ApprovalView; isRepeat: boolean; lastSeq: number }
