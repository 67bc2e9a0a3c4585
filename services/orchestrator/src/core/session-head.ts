import {
  ApprovalChange,
  ApprovalDecision,
  ApprovalKind,
  ApprovalStatus,
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
  TurnStatus,
  TurnVersions,
  Usage,
} from '@weft/contracts'
import { z } from 'zod'

export const Events = z.array(SessionEvent)
/** Without what its session holds anyway (lean-events.ts). */
export const HeadEvent = SessionEvent.extend({ sessionId: z.string().optional() })

export const Outcome = z.object({
  output: z.unknown(),
  citations: z.array(Citation),
  confidence: z.number(),
  degraded: z.array(z.string()).optional(),
})

/** A field that is as in a new step is left out: a head is written with every commit, and holds every step of its turns. */
export const StepHead = z.object({
  status: StepStatus,
  agent: z.string(),
  agentVersion: z.string().optional(),
  attempt: z.int().default(0),
  interruptions: z.int().default(0),
  revision: z.int().default(0),
  epoch: z.int().default(0),
  notBeforeMs: z.number().default(0),
  deadlineMs: z.number().default(0),
  isUnsent: z.boolean().default(false),
  startedAtMs: z.number().optional(),
  endedAtMs: z.number().optional(),
  usage: z.array(Usage).default([]),
  problem: Problem.optional(),
  checkpointCount: z.int().default(0),
  checkpointTag: z.string().optional(),
  progressCount: z.int().default(0),
  approvalId: z.string().optional(),
  decisions: z.array(StepDecision).default([]),
  approvedHash: z.string().optional(),
  /** One that is small; of any other, the tag of the part that holds it. */
  outcome: Outcome.optional(),
  outcomeTag: z.string().optional(),
  found: z.array(FoundPlace).optional(),
  child: z
    .object({
      sessionId: z.string(),
      status: TurnStatus,
      approvals: z.array(ApprovalView),
      toldSeq: z.int().default(0),
      changedSeq: z.int().default(0),
      waitsSinceMs: z.number().optional(),
    })
    .optional(),
  shareUsd: z.number().optional(),
  isReused: z.boolean().default(false),
})

export const ApprovalHead = z.object({
  id: z.string(),
  kind: ApprovalKind,
  stepId: z.string(),
  questionVersion: z.int(),
  questionTag: z.string().default(''),
  status: ApprovalStatus,
  hash: z.string(),
  planVersion: z.int(),
  assignees: z.array(z.string()),
  quorum: z.int(),
  votes: z.array(ApprovalVote),
  changes: z.array(ApprovalChange),
  commentCount: z.int(),
  delegations: z.array(z.object({ by: z.string(), to: z.string() })).default([]),
  requestedAtMs: z.number(),
  deadlineMs: z.number().optional(),
  remindAtMs: z.number().optional(),
  snoozedUntilMs: z.number().optional(),
  escalationLevel: z.int(),
  decision: ApprovalDecision.optional(),
})

export const ApprovalQuestion = z.object({
  agent: z.string(),
  capability: z.string(),
  action: z.string(),
  args: z.unknown(),
  reason: z.string(),
  impact: z.string().optional(),
  risk: Risk,
  policy: z.string().optional(),
  suggestion: ApprovalView.shape.suggestion,
  context: ApprovalView.shape.context,
  costUsd: ApprovalView.shape.costUsd,
  terms: ApprovalTerms,
})

export const TurnHead = z.object({
  turn: z.int(),
  phase: z.enum(['queued', 'planning', 'running', 'ended']),
  status: TurnStatus,
  acceptedAtMs: z.number(),
  endedAtMs: z.number().optional(),
  replyTopics: z.array(z.string()),
  replyDetail: ReplyDetail.default('text'),
  planAttempt: z.int(),
  planNotBeforeMs: z.number(),
  planVersion: z.int(),
  hasPolicies: z.boolean(),
  versions: TurnVersions.default({ weft: 'unknown', agents: {} }),
  hasAnswer: z.boolean(),
  /** Of the turn's own parts. */
  tags: z.record(z.string(), z.string()).default({}),
  /** Of a turn that has not ended; an ended turn's steps and approvals are a part. */
  steps: z.record(z.string(), StepHead).optional(),
  approvals: z.array(ApprovalHead).optional(),
})

const ErrandHead = z.discriminatedUnion('to', [
  z.object({
    to: z.literal('child'),
    sessionId: z.string(),
    method: z.enum(['cancel', 'pause', 'resume', 'delete']),
    seq: z.int(),
  }),
  z.object({ to: z.literal('parent'), turn: z.int(), parent: ParentStep, seq: z.int() }),
])

export const SessionHead = z.object({
  version: z.literal(1),
  /** Drawn for every write of it: tells two hosts' writes of the same revision apart. */
  commit: z.string().default(''),
  tenant: z.string(),
  sessionId: z.string(),
  user: z.string().optional(),
  createdAtMs: z.number(),
  updatedAtMs: z.number(),
  epoch: z.int(),
  revision: z.int(),
  lastSeq: z.int(),
  lastTurn: z.int(),
  lastApproval: z.int(),
  isPaused: z.boolean(),
  heardSeq: z.int().default(0),
  deletion: z.enum(['none', 'erasing', 'erased']),
  errands: z.array(ErrandHead).default([]),
  turns: z.array(TurnHead),
  pastRequests: z
    .array(z.object({ turn: z.int(), idempotencyKey: z.string(), requestHash: z.string(), endedAtMs: z.number() }))
    .default([]),
  /** What is small lies here; of the rest, the part that holds it. */
  outbox: z.array(
    z.union([
      z.object({ epoch: z.int(), events: z.array(HeadEvent) }),
      z.object({ epoch: z.int(), firstSeq: z.int(), tag: z.string().default('') }),
    ]),
  ),
  /**
   * Names of the parts that this head was the first to do without; the next commit deletes them. A commit that is not the newest any
   * more can thus delete nothing that the newest refers to.
   */
  dropped: z.array(z.string()).default([]),
})
export type SessionHead = z.infer<typeof SessionHead>
/** As it is written: what has a default may be left out. */
export type WrittenHead = z.input<typeof SessionHead>
