import { type ForkSource, type TurnSeed, WeftError, type WorkflowPlan } from '@weft/contracts'
import type { SessionState, StepOutcome, TurnState } from './session-state.ts'

/** Argument of the actor method `seed`: which turn (the newest unless given), and the first step to run again. */
export interface SeedWish {
  turn?: number | undefined
  fromStep?: string | undefined
}

/**
 * The steps of a turn whose outputs a fork takes over: all that succeeded, except `fromStep` and whatever depends on it. Throws `not_found` for a turn
 * that is not kept, `conflict` for one without a plan, `invalid_request` for an unknown step.
 */
export function planSeed(
  { turns, lastTurn }: SessionState,
  { turn: wished, fromStep }: SeedWish,
): { turn: TurnState; plan: WorkflowPlan; stepIds: string[] } {
  const turn = wished === undefined ? turns.at(-1) : turns.find((candidate) => candidate.turn === wished)
  if (turn === undefined) {
    const number = wished ?? lastTurn
    const message =
      number <= lastTurn
        ? `turn ${number} ended too long ago to fork from: its outputs are kept for a day`
        : `the session has no turn ${number}`
    throw new WeftError('not_found', message, { param: 'turn' })
  }
  const { plan } = turn
  if (plan === undefined) throw new WeftError('conflict', `turn ${turn.turn} has no plan to fork from`, { param: 'turn' })
  if (fromStep !== undefined && !plan.steps.some((step) => step.stepId === fromStep)) {
    const known = plan.steps.map((step) => step.stepId).join(', ')
    throw new WeftError('invalid_request', `turn ${turn.turn} has no step "${fromStep}"; it has ${known}`, { param: 'fromStep' })
  }
  const runAgain = fromStep === undefined ? new Set<string>() : dependentsOf(plan, fromStep)
  const succeeded = plan.steps.map((step) => step.stepId).filter((stepId) => turn.steps[stepId]?.status === 'succeeded')
  return { turn, plan: withoutAddedBy(plan, runAgain), stepIds: succeeded.filter((stepId) => !runAgain.has(stepId)) }
}

/**
 * Leaves out the steps that were added by the result of a step that runs again: its new result adds them, or others. What depended on one of them depends on
 * the step that added it instead.
 */
function withoutAddedBy(plan: WorkflowPlan, runAgain: ReadonlySet<string>): WorkflowPlan {
  const adders = new Map(
    plan.steps.flatMap(({ stepId, addedBy }) =>
      addedBy === undefined || !runAgain.has(addedBy) ? [] : [[stepId, addedBy] as const],
    ),
  )
  const left = plan.steps.filter(({ stepId }) => !adders.has(stepId))
  const adderOf = (stepId: string) => {
    let found = stepId
    for (let hops = adders.size; hops > 0; hops -= 1) found = adders.get(found) ?? found
    return found
  }
  return { ...plan, steps: left.map((step) => ({ ...step, dependsOn: [...new Set(step.dependsOn.map(adderOf))] })) }
}

/** A step and all that depend on it, directly or not. */
function dependentsOf({ steps }: WorkflowPlan, stepId: string): Set<string> {
  const found = new Set([stepId])
  for (let size = 0; size < found.size; ) {
    size = found.size
    for (const step of steps) if (step.dependsOn.some((id) => found.has(id))) found.add(step.stepId)
  }
  return found
}

/** What a fork begins with: the plan, the outputs that are taken over, and what was asked. */
export function seedOf(
  { sessionId }: SessionState,
  { turn, plan }: { turn: TurnState; plan: WorkflowPlan },
  { outcomes, fromStep }: { outcomes: Map<string, StepOutcome>; fromStep: string | undefined },
): ForkSource {
  const finished = Object.fromEntries([...outcomes].map(([stepId, outcome]) => [stepId, finishedStep(turn, stepId, outcome)]))
  const usage = Object.values(finished).flatMap((step) => step.usage)
  const { model, messages, modelOptions, vectorStoreIds, options, user } = turn.request
  const { plan: _plan, ...otherOptions } = options
  return {
    seed: {
      from: { sessionId, turn: turn.turn, ...(fromStep === undefined ? {} : { fromStep }) },
      plan,
      finished,
      savedUsd: usage.reduce((sum, used) => sum + used.costUsd, 0),
    },
    request: { model, messages, modelOptions, vectorStoreIds, options: otherOptions, ...(user === undefined ? {} : { user }) },
  }
}

/** The usage is that of when the step ran, also if the turn itself had taken the output over from another. */
function finishedStep(turn: TurnState, stepId: string, outcome: StepOutcome): TurnSeed['finished'][string] {
  const state = turn.steps[stepId]
  const inherited = turn.request.seed?.finished[stepId]?.usage ?? []
  return { agent: state?.agent ?? '', ...outcome, usage: state?.isReused ? inherited : (state?.usage ?? []) }
}
