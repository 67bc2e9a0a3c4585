import {
  ApprovalChange,
  ApprovalDecision,
  ApprovalKind,
  ApprovalPolicy,
  ApprovalStatus,
  ApprovalTerms,
  ApprovalView,
  ApprovalVote,
  Citation,
  ParentStep,
  Problem,
  Risk,
  SessionEvent,
  StepDecision,
  StepStatus,
  SubmitTurn,
  TurnAnswer,
  TurnStatus,
  TurnVersions,
  Usage,
  WorkflowPlan,
} from '@weft/contracts'
import { z } from 'zod'
import type { ApprovalState, SessionState, StepOutcome, StepState, TurnState } from './session-state.ts'

/**
 * How a session lies in the state store: one small mutable head, and parts that are written once and never changed, each under
 * a name that no other content ever has. A second writer can therefore spoil nothing but the head, which its ETag guards
 * (the store runs the writes of one transaction atomically, but does not take the others back when one ETag does not match).
 */
const StepHead = z.object({
  status: StepStatus,
  agent: z.string(),
  attempt: z.int(),
  interruptions: z.int().default(0),
  revision: z.int().default(0),
  epoch: z.int(),
  notBeforeMs: z.number(),
  deadlineMs: z.number(),
  startedAtMs: z.number().optional(),
  endedAtMs: z.number().optional(),
  usage: z.array(Usage),
  problem: Problem.optional(),
  checkpoint: z.unknown().optional(),
  progressCount: z.int(),
  approvalId: z.string().optional(),
  decisions: z.array(StepDecision),
  approvedHash: z.string().optional(),
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
  isReused: z.boolean(),
})

const ApprovalHead = z.object({
  id: z.string(),
  kind: ApprovalKind,
  stepId: z.string(),
  questionVersion: z.int(),
  status: ApprovalStatus,
  hash: z.string(),
  planVersion: z.int(),
  assignees: z.array(z.string()),
  quorum: z.int(),
  votes: z.array(ApprovalVote),
  changes: z.array(ApprovalChange),
  commentCount: z.int(),
  requestedAtMs: z.number(),
  deadlineMs: z.number().optional(),
  remindAtMs: z.number().optional(),
  snoozedUntilMs: z.number().optional(),
  escalationLevel: z.int(),
  decision: ApprovalDecision.optional(),
})

const ApprovalQuestion = z.object({
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

const TurnHead = z.object({
  turn: z.int(),
  phase: z.enum(['queued', 'planning', 'running', 'ended']),
  status: TurnStatus,
  acceptedAtMs: z.number(),
  endedAtMs: z.number().optional(),
  replyTopics: z.array(z.string()),
  planAttempt: z.int(),
  planNotBeforeMs: z.number(),
  planVersion: z.int(),
  hasPolicies: z.boolean(),
  versions: TurnVersions.default({ weft: 'unknown', agents: {} }),
  hasAnswer: z.boolean(),
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
  deletion: z.enum(['none', 'erasing', 'erased']),
  errands: z.array(ErrandHead).default([]),
  turns: z.array(TurnHead),
  pastRequests: z
    .array(z.object({ turn: z.int(), idempotencyKey: z.string(), requestHash: z.string(), endedAtMs: z.number() }))
    .default([]),
  outbox: z.array(z.object({ epoch: z.int(), firstSeq: z.int() })),
})
export type SessionHead = z.infer<typeof SessionHead>

const Outcome = z.object({ output: z.unknown(), citations: z.array(Citation), confidence: z.number() })
const Ended = z.object({ steps: z.record(z.string(), StepHead), approvals: z.array(ApprovalHead) })
const Policies = z.array(ApprovalPolicy)
const Events = z.array(SessionEvent)

export const headKey = 'head'

export function toHead(state: SessionState): SessionHead {
  const { turns, outbox, ...rest } = state
  return {
    version: 1,
    ...rest,
    turns: turns.map(toTurnHead),
    outbox: outbox.map(({ epoch, events }) => ({ epoch, firstSeq: events[0]?.seq ?? 0 })),
  }
}

/** Every part the head refers to, by name; undefined stands for one that lies in the store and is not in memory. */
export function partsOf(state: SessionState): Map<string, unknown> {
  const parts = new Map<string, unknown>()
  for (const turn of state.turns) {
    parts.set(`request.${turn.turn}`, turn.request)
    if (turn.plan !== undefined) parts.set(`plan.${turn.turn}.${turn.planVersion}`, turn.plan)
    if (turn.policies.length > 0) parts.set(`policies.${turn.turn}`, turn.policies)
    if (turn.answer !== undefined) parts.set(`answer.${turn.turn}`, turn.answer)
    if (turn.phase === 'ended') parts.set(`ended.${turn.turn}`, endedOf(turn))
    for (const approval of turn.approvals) parts.set(questionKey(approval), approval.question)
    for (const [stepId, step] of Object.entries(turn.steps)) {
      if (step.status === 'succeeded') parts.set(outcomeKey(turn.turn, stepId, step), step.outcome)
    }
  }
  for (const { epoch, events } of state.outbox) parts.set(`events.${epoch}.${events[0]?.seq ?? 0}`, events)
  return parts
}

/** The output of a step that succeeded, also of a turn that has ended. */
export function readOutcome(
  read: ReadPart,
  { turn, stepId, step }: { turn: number; stepId: string; step: StepState },
): Promise<StepOutcome> {
  return read(outcomeKey(turn, stepId, step), Outcome)
}

export type ReadPart = <T extends z.ZodType>(key: string, schema: T) => Promise<z.infer<T>>

/** Puts a session together again from its head and its parts. Outcomes of ended turns stay where they are. */
export async function fromHead(head: SessionHead, read: ReadPart): Promise<SessionState> {
  const { turns, outbox, version: _, user, ...rest } = head
  const [loadedTurns, loadedOutbox] = await Promise.all([
    Promise.all(turns.map((turn) => fromTurnHead(turn, read))),
    Promise.all(
      outbox.map(async ({ epoch, firstSeq }) => ({ epoch, events: await read(`events.${epoch}.${firstSeq}`, Events) })),
    ),
  ])
  return { ...rest, user, turns: loadedTurns, outbox: loadedOutbox }
}

async function fromTurnHead(head: z.infer<typeof TurnHead>, read: ReadPart): Promise<TurnState> {
  const { hasPolicies, hasAnswer, steps, approvals, endedAtMs, ...rest } = head
  const [request, plan, policies, answer, ended] = await Promise.all([
    read(`request.${head.turn}`, SubmitTurn),
    head.planVersion > 0 ? read(`plan.${head.turn}.${head.planVersion}`, WorkflowPlan) : undefined,
    hasPolicies ? read(`policies.${head.turn}`, Policies) : [],
    hasAnswer ? read(`answer.${head.turn}`, TurnAnswer) : undefined,
    steps === undefined ? read(`ended.${head.turn}`, Ended) : { steps, approvals: approvals ?? [] },
  ])
  const [loadedSteps, loadedApprovals] = await Promise.all([
    Promise.all(Object.entries(ended.steps).map((entry) => fromStepEntry(head, entry, read))),
    Promise.all(ended.approvals.map((approval) => fromApprovalHead(approval, read))),
  ])
  const loaded = { steps: Object.fromEntries(loadedSteps), approvals: loadedApprovals }
  return { ...rest, endedAtMs, request, plan, policies, answer, ...loaded }
}

async function fromStepEntry(
  { turn, phase }: z.infer<typeof TurnHead>,
  [stepId, step]: [string, z.infer<typeof StepHead>],
  read: ReadPart,
): Promise<[string, StepState]> {
  const needsOutcome = step.status === 'succeeded' && phase !== 'ended'
  const outcome = needsOutcome ? await read(outcomeKey(turn, stepId, step), Outcome) : undefined
  return [stepId, fromStepHead(step, outcome)]
}

async function fromApprovalHead(head: z.infer<typeof ApprovalHead>, read: ReadPart): Promise<ApprovalState> {
  const { deadlineMs, remindAtMs, snoozedUntilMs, decision, ...rest } = head
  const { impact, policy, suggestion, ...question } = await read(questionKey(head), ApprovalQuestion)
  return { ...rest, deadlineMs, remindAtMs, snoozedUntilMs, decision, question: { ...question, impact, policy, suggestion } }
}

function toTurnHead(turn: TurnState): z.infer<typeof TurnHead> {
  const { request: _request, plan: _plan, policies, answer, steps: _steps, approvals: _approvals, endedAtMs, ...rest } = turn
  return {
    ...rest,
    hasPolicies: policies.length > 0,
    hasAnswer: answer !== undefined,
    ...(endedAtMs === undefined ? {} : { endedAtMs }),
    ...(turn.phase === 'ended' ? {} : endedOf(turn)),
  }
}

function endedOf({ steps, approvals }: TurnState): z.infer<typeof Ended> {
  return { steps: mapValues(steps, toStepHead), approvals: approvals.map(({ question: _, ...head }) => head) }
}

function toStepHead({ outcome: _, ...head }: StepState): z.infer<typeof StepHead> {
  return head
}

function fromStepHead(head: z.infer<typeof StepHead>, outcome: StepState['outcome']): StepState {
  const { startedAtMs, endedAtMs, problem, checkpoint, approvalId, approvedHash, child, ...rest } = head
  const known = child === undefined ? undefined : { waitsSinceMs: undefined, ...child }
  return { ...rest, startedAtMs, endedAtMs, problem, checkpoint, approvalId, approvedHash, child: known, outcome }
}

function outcomeKey(turn: number, stepId: string, step: { epoch: number; attempt: number }): string {
  return `outcome.${turn}.${stepId}.${step.epoch}.${step.attempt}`
}

function questionKey({ id, questionVersion }: { id: string; questionVersion: number }): string {
  return `question.${id}.${questionVersion}`
}

function mapValues<T, U>(record: Record<string, T>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
