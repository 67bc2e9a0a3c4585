import type {
  ApprovalChange,
  ApprovalDecision,
  ApprovalKind,
  ApprovalPolicy,
  ApprovalTerms,
  ApprovalView,
  ApprovalVote,
  Citation,
  FoundPlace,
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
} from '@weft/contracts'

export interface SessionState {
  tenant: string
  sessionId: string
  user: string | undefined
  createdAtMs: number
  /** When its newest event happened. Loading a session, or reading it, leaves this as it is. */
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
  /** The `seq` of the parent's newest call that paused or resumed this session; an older call that comes late is ignored. */
  heardSeq: number
  /** A deleted session keeps only that it was: `erasing` until the database has forgotten it too. */
  deletion: 'none' | 'erasing' | 'erased'
  /** Oldest first; at most `turnsKept` ended ones. */
  turns: TurnState[]
  /** Of turns that are no longer kept, the client's idempotency keys: a request that repeats one of them begins no turn. Oldest first. */
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

/** A call to another session. `seq` is the session's newest event when it was made: it tells a later call from the same call made before. */
export type Errand =
  | { to: 'child'; sessionId: string; method: 'cancel' | 'pause' | 'resume' | 'delete'; seq: number }
  /** Tells the parent that this turn has ended, waits, goes on, or asks something else than before. */
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
  /** The approval policies that held when the plan was adopted; a later change of their file does not concern this turn. */
  policies: ApprovalPolicy[]
  /** The versions of Weft and of the agents when the turn began. A later one that takes over on the way shows in the steps. */
  versions: TurnVersions
  steps: Record<string, StepState>
  /** Oldest first. */
  approvals: ApprovalState[]
  answer: TurnAnswer | undefined
}

export interface StepState {
  status: StepStatus
  /** The agent that does it now: the plan's, or the one it fell back to. */
  agent: string
  /** The version of the agent of the last attempt: what the agent said when the attempt ended, until then what its card says. */
  agentVersion: string | undefined
  attempt: number
  /** Attempts that ended with their host or with an earlier plan. They are no failures, and use up none of the tries. */
  interruptions: number
  /** How often it was changed after it had run. Each time it is other work, and has another idempotency key. */
  revision: number
  epoch: number
  /** A step that waits to be tried again is `ready` until then. */
  notBeforeMs: number
  deadlineMs: number
  /** An attempt that must not happen twice and was not sent yet, for certain: its host says so before it sends it. */
  isUnsent: boolean
  startedAtMs: number | undefined
  endedAtMs: number | undefined
  usage: Usage[]
  problem: Problem | undefined
  outcome: StepOutcome | undefined
  /** What it has found, where the turn's response tells of the search: the outcome is not read again once its turn has ended. */
  found: FoundPlace[] | undefined
  checkpoint: unknown
  /** How many checkpoints the step has reported in all its attempts; names the part that stores the newest. */
  checkpointCount: number
  progressCount: number
  /** The pending approval it waits for. */
  approvalId: string | undefined
  /** What was decided about it, oldest first. */
  decisions: StepDecision[]
  /** The hash that the last approval of the step was bound to; with any other hash it is asked about again. */
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
  /** `toldSeq`: the child's newest event when it was last asked; `changedSeq`: that of the newest change it has announced since. */
  toldSeq: number
  changedSeq: number
  /** Since when it waits for people, in epoch milliseconds. The step's deadline is put off by as long. */
  waitsSinceMs: number | undefined
}

/** What a child's turn shows, and as of which event. */
export type ChildTold = Pick<TurnView, 'status' | 'approvals' | 'answer'> & { seq: number }

/** What approvers are shown and decide about. */
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
  /** 1, and one more each time the question is replaced: by an approver's other arguments, or because the plan changed. */
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
  /** What the output lacks, in addition to what it says in its own `degraded`. */
  degraded?: string[] | undefined
}

/** One attempt of one step; a result counts only while its epoch and attempt are current. */
export interface StepRef {
  turn: number
  stepId: string
  epoch: number
  attempt: number
}
