import { type Problem, type TurnVersions, type WorkflowPlan, weftVersion } from '@weft/contracts'
import { endTurn } from './end-turn.ts'
import { foundOf, foundPlaces } from './found-places.ts'
import { newStep } from './new-session.ts'
import { planAttemptsMax, retryDelayMs } from './retry-delay.ts'
import type { SessionDraft } from './session-draft.ts'
import type { SessionInput } from './session-input.ts'
import type { StepState, TurnState } from './session-state.ts'
import { settleTurn } from './settle-turn.ts'

/** Begins the work on a turn: its own plan when the client sent one (the gateway had it validated), else the planner is asked. */
export function startPlan(draft: SessionDraft, turn: number): void {
  const edited = draft.editTurn(turn)
  const { seed, options } = edited.request
  const ownPlan = seed?.plan ?? options.plan
  if (ownPlan === undefined) {
    edited.phase = 'planning'
    edited.planAttempt = 1
    draft.command({ type: 'plan', turn, planAttempt: 1 })
    return
  }
  adoptPlan(draft, edited, ownPlan)
}

/** Takes the planner's answer, when it is the one waited for. */
export function applyPlan(draft: SessionDraft, input: Extract<SessionInput, { type: 'planned' }>): void {
  const found = draft.findTurn(input.turn)
  if (found?.phase !== 'planning' || found.planAttempt !== input.planAttempt) return
  const turn = draft.editTurn(input.turn)
  switch (input.result.kind) {
    case 'plan':
      return adoptPlan(draft, turn, input.result.plan)
    case 'message':
      return answerWithMessage(draft, turn, input.result)
    case 'problem':
      return retryPlan(draft, turn, input.result)
  }
}

function adoptPlan(draft: SessionDraft, turn: TurnState, plan: WorkflowPlan): void {
  turn.phase = 'running'
  turn.plan = plan
  turn.planVersion = 1
  turn.policies = draft.policies
  turn.versions = pinVersions(plan, draft.agentVersions)
  turn.steps = Object.fromEntries(plan.steps.map((step) => [step.stepId, newStep(step.agent)]))
  draft.log('plan.ready', turn.turn, { plan, planVersion: 1 })
  reuseOutputs(draft, turn)
  settleTurn(draft, turn.turn)
}

/** The ids of all agents that a plan names, fallbacks among them; an id may come more than once. */
export function agentsOf({ steps }: WorkflowPlan): string[] {
  return steps.flatMap(({ agent, onFailure }) => [agent, onFailure?.agent ?? agent])
}

/** The versions of what works by the plan. The plan, with its schema version and its mode, is kept with the turn anyway. */
function pinVersions(plan: WorkflowPlan, agentVersions: Record<string, string>): TurnVersions {
  const known = agentsOf(plan).flatMap((agent) => {
    const version = agentVersions[agent]
    return version === undefined ? [] : [[agent, version]]
  })
  return { weft: weftVersion, agents: Object.fromEntries(known) }
}

/** Lets a fork begin with the outputs of the turn it comes from, which cost nothing here. */
function reuseOutputs(draft: SessionDraft, reusing: TurnState): void {
  const { turn, steps, request } = reusing
  for (const [stepId, { agent, usage: _usage, ...outcome }] of Object.entries(request.seed?.finished ?? {})) {
    if (steps[stepId] === undefined) continue
    const at = { startedAtMs: draft.nowMs, endedAtMs: draft.nowMs }
    const found = foundPlaces(reusing, stepId, outcome.output)
    const step: StepState = { ...newStep(agent), ...at, status: 'succeeded', outcome, found, isReused: true }
    steps[stepId] = step
    const { confidence } = outcome
    draft.log('step.succeeded', turn, { stepId, attempt: 0, confidence, costUsd: 0, isReused: true, ...foundOf(step) })
  }
}

function answerWithMessage(draft: SessionDraft, turn: TurnState, { text, degraded }: { text: string; degraded: string[] }): void {
  endTurn(draft, turn.turn, { status: 'completed', answer: { text, citations: [], degraded, usage: [], costUsd: 0 } })
}

function retryPlan(draft: SessionDraft, turn: TurnState, { problem }: { problem: Problem }): void {
  if (!problem.isRetryable || turn.planAttempt >= planAttemptsMax) {
    endTurn(draft, turn.turn, { status: 'failed', problem })
    return
  }
  turn.planNotBeforeMs = draft.nowMs + retryDelayMs(turn.planAttempt)
  turn.planAttempt += 1
}
