import { findPlanProblems, type Problem, type WorkflowPlan, type WorkflowStep } from '@weft/contracts'
import type { TurnState } from './session-state.ts'

/** The running turn's plan with further steps; undefined when the turn has none. */
export function planWith(turn: TurnState | undefined, stepId: string, added: WorkflowStep[]): WorkflowPlan | undefined {
  if (turn?.plan === undefined) return undefined
  const pending = Object.entries(turn.steps).filter(([, step]) => step.status === 'pending')
  return extendPlan(turn.plan, { stepId, added, waiting: new Set(pending.map(([id]) => id)) })
}

/**
 * A plan with the steps that one of its steps asks for: an added step that names no dependency follows the one that asked, and
 * whatever waits for that one and has not begun waits for the last of the added ones too.
 */
function extendPlan(
  plan: WorkflowPlan,
  { stepId, added, waiting }: { stepId: string; added: WorkflowStep[]; waiting: ReadonlySet<string> },
): WorkflowPlan {
  const next = added.map((step) => ({
    ...step,
    dependsOn: step.dependsOn.length === 0 ? [stepId] : step.dependsOn,
    addedBy: stepId,
  }))
  const last = next.map((step) => step.stepId).filter((id) => !next.some((step) => step.dependsOn.includes(id)))
  const steps = plan.steps.map((step) =>
    step.dependsOn.includes(stepId) && waiting.has(step.stepId) ? { ...step, dependsOn: [...step.dependsOn, ...last] } : step,
  )
  return { ...plan, steps: [...steps, ...next] }
}

/** Why steps cannot be added; undefined when they can. */
export function refuseSteps(
  plan: WorkflowPlan,
  { stepId, added }: { stepId: string; added: WorkflowStep[] },
): Problem | undefined {
  const [problem] = findPlanProblems(plan)
  if (problem === undefined) return undefined
  const which = problem.stepId ?? added[0]?.stepId
  const message = `step "${stepId}" asked for steps that cannot be added: step "${which}": ${problem.message}`
  return { code: 'unprocessable_content', message, isRetryable: false }
}
