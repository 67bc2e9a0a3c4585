import { z } from 'zod'
import { UsageEvent } from './agent.ts'
import { ApprovalView } from './approval.ts'
import { ChatMessage, WeftOptions } from './chat.ts'
import { Citation, FoundPlace } from './citation.ts'
import { WorkflowPlan } from './plan.ts'
import { Problem } from './problem.ts'
import { StepStatus, TurnStatus } from './status.ts'

/** Types of the events of a session's log. */
export const sessionEventTypes = [
  'turn.accepted',
  'plan.ready',
  'step.ready',
  'step.dispatched',
  'step.progress',
  'step.text',
  'step.retried',
  'step.succeeded',
  'step.failed',
  'step.skipped',
  'step.cancelled',
  'approval.requested',
  'approval.decided',
  'budget.warning',
  'turn.completed',
  'turn.failed',
  'turn.cancelled',
] as const

/** One line of a session's event log; `seq` counts from 1 without gaps per session. */
export const SessionEvent = z.looseObject({
  seq: z.int().positive(),
  at: z.string(),
  type: z.enum(sessionEventTypes),
  sessionId: z.string(),
  turn: z.int().positive(),
  stepId: z.string().optional(),
})
export type SessionEvent = z.infer<typeof SessionEvent>

/** Tokens and cost of one model call of a turn. */
export const Usage = UsageEvent.omit({ type: true })
export type Usage = z.infer<typeof Usage>

/** Where a child session came from; its end is told to that step. */
export const ParentStep = z.object({
  sessionId: z.string(),
  rootSessionId: z.string(),
  turn: z.int().positive(),
  stepId: z.string(),
  /** 1 for a child of the session a client began. */
  depth: z.int().positive(),
})
export type ParentStep = z.infer<typeof ParentStep>

/** A turn that starts from an earlier one's plan and finished outputs: answer of the actor method `seed`, argument of a fork. */
export const TurnSeed = z.object({
  from: z.object({ sessionId: z.string(), turn: z.int().positive(), fromStep: z.string().optional() }),
  plan: WorkflowPlan,
  /** Steps whose outputs are taken over, by id. */
  finished: z.record(
    z.string(),
    z.object({
      agent: z.string(),
      output: z.unknown(),
      citations: z.array(Citation),
      confidence: z.number(),
      degraded: z.array(z.string()).optional(),
      usage: z.array(Usage),
    }),
  ),
  /** What the finished steps cost when they ran. */
  savedUsd: z.number().nonnegative(),
})
export type TurnSeed = z.infer<typeof TurnSeed>

/** How much a turn's reply topics are told: its plan and its end, its other events too, or the text of its steps as well. Each holds the one before. */
export const ReplyDetail = z.enum(['end', 'events', 'text'])
export type ReplyDetail = z.infer<typeof ReplyDetail>

/** A date is checked where the request comes in and not again here, so that a turn that was accepted once can always be read. */
const TakenOptions = WeftOptions.extend({ asOf: z.string().optional() })

/** Argument of the actor method `submit`. */
export const SubmitTurn = z.object({
  tenant: z.string().min(1),
  sessionId: z.string().min(1),
  requestId: z.string(),
  idempotencyKey: z.string().max(256).optional(),
  /** A hash of the client's request, by which one that is sent again is told from another one under the same key. */
  requestHash: z.string().max(128).optional(),
  replyTopic: z.string().optional(),
  /** Default `text`. */
  replyDetail: ReplyDetail.optional(),
  user: z.string().optional(),
  keyId: z.string().optional(),
  model: z.string(),
  messages: z.array(ChatMessage).min(1),
  modelOptions: z.record(z.string(), z.unknown()).default({}),
  vectorStoreIds: z.array(z.string()).default([]),
  options: TakenOptions.default({}),
  parent: ParentStep.optional(),
  /** Of a child session: when the turn was accepted that the client began, in epoch milliseconds. */
  rootAcceptedAtMs: z.int().optional(),
  seed: TurnSeed.optional(),
  /** The turn that the request goes on from; refused unless it is the session's newest. */
  previousTurn: z.int().positive().optional(),
  traceparent: z.string().optional(),
  /** Whether it may be asked for as a response later. Default: yes. */
  isStored: z.boolean().optional(),
  /** Whether its response tells of the search, because a tool of the request named the stores. Default: no. */
  showsSearch: z.boolean().optional(),
  /** What its client wrote on its response, which shows it again. */
  metadata: z.record(z.string(), z.string()).optional(),
})
export type SubmitTurn = z.infer<typeof SubmitTurn>

/** Answer of the actor method `seed`: what a fork begins with, and the request of the turn it comes from, without its plan. */
export const ForkSource = z.object({
  seed: TurnSeed,
  request: SubmitTurn.pick({ model: true, messages: true, modelOptions: true, vectorStoreIds: true, options: true, user: true }),
})
export type ForkSource = z.infer<typeof ForkSource>

/** Answer of the actor method `submit`; `isRepeat`: an earlier request under the same idempotency key had made the turn. */
export const TurnAccepted = z.object({
  sessionId: z.string(),
  turn: z.int().positive(),
  isRepeat: z.boolean(),
  /** The seq of the session's newest event by then. */
  lastSeq: z.int().nonnegative().optional(),
  /** When the turn was accepted, and in which trace; left out if the session no longer keeps the turn. */
  acceptedAt: z.string().optional(),
  traceId: z.string().optional(),
})
export type TurnAccepted = z.infer<typeof TurnAccepted>

/** A step as clients see it. */
export const StepView = z.object({
  stepId: z.string(),
  agent: z.string(),
  /** Which version did its last attempt, as far as that is known. */
  agentVersion: z.string().optional(),
  capability: z.string(),
  dependsOn: z.array(z.string()),
  status: StepStatus,
  attempt: z.int().nonnegative(),
  startedAt: z.string().optional(),
  endedAt: z.string().optional(),
  costUsd: z.number(),
  problem: Problem.optional(),
  waitingFor: z.object({ cause: z.string(), owner: z.string().optional(), deadline: z.string().optional() }).optional(),
  /** The session a step of agent `session` runs in. */
  childSessionId: z.string().optional(),
  /** Taken over from the turn this one was forked from, not run. */
  isReused: z.boolean().optional(),
  /** What a step that searches has found, best first, where the turn's response tells of the search. */
  found: z.array(FoundPlace).optional(),
})
export type StepView = z.infer<typeof StepView>

/** What a finished turn answers with. */
export const TurnAnswer = z.object({
  text: z.string(),
  citations: z.array(Citation),
  degraded: z.array(z.string()),
  usage: z.array(Usage),
  costUsd: z.number(),
  problem: Problem.optional(),
})
export type TurnAnswer = z.infer<typeof TurnAnswer>

/** The versions a turn began with: that of Weft, and those that the cards of its plan's agents named, by agent id. */
export const TurnVersions = z.object({ weft: z.string(), agents: z.record(z.string(), z.string()) })
export type TurnVersions = z.infer<typeof TurnVersions>

/** A turn as clients see it. */
export const TurnView = z.object({
  turn: z.int().positive(),
  status: TurnStatus,
  model: z.string(),
  acceptedAt: z.string(),
  /** Whether its caller did not wait for it. */
  isBackground: z.boolean().optional(),
  /** False where its caller wished no response to be kept: the session alone knows the turn. */
  isStored: z.boolean().optional(),
  /** Whether its response tells of the search as of a call. */
  showsSearch: z.boolean().optional(),
  /** What its client wrote on its response. */
  metadata: z.record(z.string(), z.string()).optional(),
  /** How its request wished to be told of a pause. */
  onPause: WeftOptions.shape.approval,
  endedAt: z.string().optional(),
  traceId: z.string().optional(),
  plan: WorkflowPlan.optional(),
  /** 1, and one more for every change to the plan: by an approver, or by steps that a result added. */
  planVersion: z.int().nonnegative().optional(),
  versions: TurnVersions.optional(),
  steps: z.array(StepView),
  /** Pending ones first, child sessions' among them. */
  approvals: z.array(ApprovalView).optional(),
  forkedFrom: TurnSeed.shape.from.extend({ savedUsd: z.number(), stepsReused: z.int() }).optional(),
  answer: TurnAnswer.optional(),
})
export type TurnView = z.infer<typeof TurnView>

/** Answer of the actor method `view` and of `GET /v1/sessions/{id}`. */
export const SessionView = z.object({
  id: z.string(),
  object: z.literal('session'),
  status: TurnStatus,
  user: z.string().optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
  lastSeq: z.int().nonnegative(),
  /** Nothing new is started until the session is resumed. */
  isPaused: z.boolean().optional(),
  parent: ParentStep.optional(),
  turns: z.array(TurnView),
  /** Some turns are left out: the later ones of a session with very many events, or those that are only in the database while that is away. */
  hasMoreTurns: z.literal(true).optional(),
})
export type SessionView = z.infer<typeof SessionView>

const ReplyAddress = { tenant: z.string(), sessionId: z.string(), turn: z.int().positive() }

/**
 * One item of a batch on a reply topic. Delivery is unordered and may repeat: text carries its offset (UTF-16 units)
 * within the step's attempt, events their seq. `end` is a hint to read the answer, which it carries when small.
 */
export const ReplyItem = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('text'),
    ...ReplyAddress,
    stepId: z.string(),
    attempt: z.int(),
    offset: z.int().nonnegative(),
    delta: z.string(),
  }),
  z.object({ kind: z.literal('event'), ...ReplyAddress, event: SessionEvent }),
  z.object({
    kind: z.literal('end'),
    ...ReplyAddress,
    status: TurnStatus,
    answer: TurnAnswer.optional(),
    /** The seq of the session's newest event by then. */
    lastSeq: z.int().nonnegative().optional(),
  }),
])
export type ReplyItem = z.infer<typeof ReplyItem>

/** What is published to a gateway at once. */
export const ReplyBatch = z.object({ items: z.array(ReplyItem).max(10_000) })
export type ReplyBatch = z.infer<typeof ReplyBatch>
