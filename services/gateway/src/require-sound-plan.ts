import { type Estimate, PlannerAnswer, WeftError, type WorkflowPlan } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'

export interface PlanCheck {
  plan: WorkflowPlan
  /** The field the plan came in, named by a refusal. */
  param: string
  signal: AbortSignal
}

/** What the planner expects a plan to cost. Throws `invalid_plan` naming every problem, with `param` at the first. */
export async function requireSoundPlan(
  sidecar: Pick<Sidecar, 'invoke'>,
  { plan, param, signal }: PlanCheck,
): Promise<Estimate | undefined> {
  const answer = await sidecar.invoke('planner', '/validate', { body: { plan }, schema: PlannerAnswer, signal })
  const [first] = answer.problems
  if (first === undefined) return answer.plan?.estimate
  const message = answer.problems
    .map((problem) => (problem.stepId === undefined ? problem.message : `step "${problem.stepId}": ${problem.message}`))
    .join('; ')
  throw new WeftError('invalid_plan', `${param} cannot run: ${message}`, {
    param: first.stepId === undefined ? param : `${param}.steps.${first.stepId}`,
    details: { problems: answer.problems },
  })
}
