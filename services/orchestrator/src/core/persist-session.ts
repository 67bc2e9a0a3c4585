import {
  Citation,
  Problem,
  SessionEvent,
  StepStatus,
  SubmitTurn,
  TurnAnswer,
  TurnStatus,
  Usage,
  WorkflowPlan,
} from '@weft/contracts'
import { z } from 'zod'
import type { SessionState, StepState, TurnState } from './session-state.ts'

/**
 * How a session lies in the state store: one small mutable head, and parts that are written once and never changed, each under
 * a name that no other content ever has. A second writer can therefore spoil nothing but the head, which its ETag guards
 * (the store runs the writes of one transaction atomically, but does not take the others back when one ETag does not match).
 */
const StepHead = z.object({
  status: StepStatus,
  agent: z.string(),
  attempt: z.int(),
  epoch: z.int(),
  notBeforeMs: z.number(),
  deadlineMs: z.number(),
  startedAtMs: z.number().optional(),
  endedAtMs: z.number().optional(),
  usage: z.array(Usage),
  problem: Problem.optional(),
  checkpoint: z.unknown().optional(),
  progressCount: z.int(),
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
  hasPlan: z.boolean(),
  hasAnswer: z.boolean(),
  /** Of a turn that has not ended; an ended turn's steps are a part. */
  steps: z.record(z.string(), StepHead).optional(),
})

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
  turns: z.array(TurnHead),
  outbox: z.array(z.object({ epoch: z.int(), firstSeq: z.int() })),
})
export type SessionHead = z.infer<typeof SessionHead>

const Outcome = z.object({ output: z.unknown(), citations: z.array(Citation), confidence: z.number() })
const EndedSteps = z.record(z.string(), StepHead)
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
    if (turn.plan !== undefined) parts.set(`plan.${turn.turn}`, turn.plan)
    if (turn.answer !== undefined) parts.set(`answer.${turn.turn}`, turn.answer)
    if (turn.phase === 'ended') parts.set(`steps.${turn.turn}`, mapValues(turn.steps, toStepHead))
    for (const [stepId, step] of Object.entries(turn.steps)) {
      if (step.status === 'succeeded') parts.set(outcomeKey(turn.turn, stepId, step), step.outcome)
    }
  }
  for (const { epoch, events } of state.outbox) parts.set(`events.${epoch}.${events[0]?.seq ?? 0}`, events)
  return parts
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
  const { hasPlan, hasAnswer, steps, endedAtMs, ...rest } = head
  const [request, plan, answer, stepHeads] = await Promise.all([
    read(`request.${head.turn}`, SubmitTurn),
    hasPlan ? read(`plan.${head.turn}`, WorkflowPlan) : undefined,
    hasAnswer ? read(`answer.${head.turn}`, TurnAnswer) : undefined,
    steps ?? read(`steps.${head.turn}`, EndedSteps),
  ])
  const loaded = await Promise.all(
    Object.entries(stepHeads).map(async ([stepId, step]): Promise<[string, StepState]> => {
      const needsOutcome = step.status === 'succeeded' && head.phase !== 'ended'
      const outcome = needsOutcome ? await read(outcomeKey(head.turn, stepId, step), Outcome) : undefined
      return [stepId, fromStepHead(step, outcome)]
    }),
  )
  return { ...rest, endedAtMs, request, plan, answer, steps: Object.fromEntries(loaded) }
}

function toTurnHead(turn: TurnState): z.infer<typeof TurnHead> {
  const { request: _request, plan, answer, steps, endedAtMs, ...rest } = turn
  return {
    ...rest,
    hasPlan: plan !== undefined,
    hasAnswer: answer !== undefined,
    ...(endedAtMs === undefined ? {} : { endedAtMs }),
    ...(turn.phase === 'ended' ? {} : { steps: mapValues(steps, toStepHead) }),
  }
}

function toStepHead(step: StepState): z.infer<typeof StepHead> {
  const { outcome: _, startedAtMs, endedAtMs, problem, checkpoint, ...rest } = step
  return {
    ...rest,
    ...(startedAtMs === undefined ? {} : { startedAtMs }),
    ...(endedAtMs === undefined ? {} : { endedAtMs }),
    ...(problem === undefined ? {} : { problem }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
  }
}

function fromStepHead(head: z.infer<typeof StepHead>, outcome: StepState['outcome']): StepState {
  const { startedAtMs, endedAtMs, problem, checkpoint, ...rest } = head
  return { ...rest, startedAtMs, endedAtMs, problem, checkpoint, outcome }
}

function outcomeKey(turn: number, stepId: string, step: { epoch: number; attempt: number }): string {
  return `outcome.${turn}.${stepId}.${step.epoch}.${step.attempt}`
}

function mapValues<T, U>(record: Record<string, T>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
