import {
  ApprovalView,
  FoundPlace,
  Problem,
  type SessionEvent,
  type StepView,
  TurnAnswer,
  type TurnStatus,
  type TurnView,
  WorkflowPlan,
} from '@weft/contracts'
import { z } from 'zod'

/** Turns as the log tells them, for sessions that keep them no longer. Events have to be in the order of their seq. */
export function turnsFromEvents(events: SessionEvent[]): TurnView[] {
  const turns = new Map<number, TurnView>()
  for (const event of events) {
    const known = turns.get(event.turn)
    if (known !== undefined) applyEvent(known, event)
    else if (event.type === 'turn.accepted') turns.set(event.turn, newTurn(event))
  }
  return [...turns.values()]
}

function newTurn({ turn, at, model, isBackground, isStored, showsSearch, metadata }: SessionEvent): TurnView {
  const known = { turn, status: 'running', model: typeof model === 'string' ? model : '', acceptedAt: at } as const
  const wishes = {
    ...(isBackground === true ? { isBackground } : {}),
    ...(isStored === false ? { isStored } : {}),
    ...(showsSearch === true ? { showsSearch } : {}),
    ...Metadata.safeParse({ metadata }).data,
  }
  return { ...known, steps: [], ...wishes }
}

const Metadata = z.object({ metadata: z.record(z.string(), z.string()).optional() })

const ends: Partial<Record<SessionEvent['type'], TurnStatus>> = {
  'turn.completed': 'completed',
  'turn.failed': 'failed',
  'turn.cancelled': 'cancelled',
}

export function isTurnEnd(type: SessionEvent['type']): boolean {
  return ends[type] !== undefined
}

function applyEvent(turn: TurnView, event: SessionEvent): void {
  const end = ends[event.type]
  if (end !== undefined) endTurn(turn, end, event)
  else if (event.type === 'plan.ready') adoptPlan(turn, event)
  else if (event.stepId !== undefined) applyStepEvent(turn, event.stepId, event)
}

function endTurn(turn: TurnView, status: TurnStatus, { at, answer }: SessionEvent): void {
  const parsed = TurnAnswer.safeParse(answer)
  turn.status = status
  turn.endedAt = at
  if (parsed.success) turn.answer = parsed.data
}

function adoptPlan(turn: TurnView, { plan, planVersion }: SessionEvent): void {
  const parsed = WorkflowPlan.safeParse(plan)
  if (!parsed.success) return
  turn.plan = parsed.data
  if (typeof planVersion === 'number') turn.planVersion = planVersion
  turn.steps = parsed.data.steps.map(
    ({ stepId, agent, capability, dependsOn }) =>
      turn.steps.find((step) => step.stepId === stepId) ?? {
        stepId,
        agent,
        capability,
        dependsOn,
        status: 'pending',
        attempt: 0,
        costUsd: 0,
      },
  )
}

const StepFacts = z.object({
  agent: z.string().optional(),
  agentVersion: z.string().optional(),
  attempt: z.int().optional(),
  costUsd: z.number().optional(),
  problem: Problem.optional(),
  isReused: z.boolean().optional(),
  childSessionId: z.string().optional(),
  found: z.array(FoundPlace).optional(),
})

const stepEnds: Partial<Record<SessionEvent['type'], StepView['status']>> = {
  'step.succeeded': 'succeeded',
  'step.failed': 'failed',
  'step.skipped': 'skipped',
  'step.cancelled': 'cancelled',
}

function applyStepEvent(turn: TurnView, stepId: string, event: SessionEvent): void {
  const approval = ApprovalView.safeParse(event.approval)
  if (approval.success) keepApproval(turn, approval.data)
  const step = turn.steps.find((candidate) => candidate.stepId === stepId)
  if (step === undefined) return
  const facts = StepFacts.safeParse(event)
  if (facts.success) Object.assign(step, facts.data)
  if (event.type === 'step.dispatched') step.startedAt ??= event.at
  if (event.type === 'step.ready') step.status = 'ready'
  const status = event.type === 'step.dispatched' ? 'dispatched' : stepEnds[event.type]
  if (status === undefined) return
  step.status = status
  if (status !== 'dispatched') step.endedAt = event.at
}

/** The newest state of each. */
function keepApproval(turn: TurnView, approval: ApprovalView): void {
  turn.approvals = [...(turn.approvals ?? []).filter(({ id }) => id !== approval.id), approval]
}
