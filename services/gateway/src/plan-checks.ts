import { createHash } from 'node:crypto'
import { type Estimate, PlannerAnswer, WeftError, type WorkflowPlan } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'

/** What the planner says of plans that clients send. */
export interface PlanChecks {
  /**
   * What a plan is expected to cost. Throws `invalid_plan` naming every problem, with `param`, the field it came in, at the first;
   * `dependency_unavailable` or `timeout` when the planner does not answer within 3 s.
   */
  requireSound(plan: WorkflowPlan, param: string): Promise<Estimate | undefined>
}

interface Check {
  answer: Promise<PlannerAnswer>
  untilMs: number
}

/** Clients send the same few plans again and again. An agent that left meanwhile fails the step that needs it, as one that leaves later does. */
const believedMs = 5_000
const checksMax = 256
const answerMs = 3_000

/** A plan that was found sound is believed for 5 s, and one that is being checked is not sent a second time; refusals are not kept. */
export function createPlanChecks(sidecar: Pick<Sidecar, 'invoke'>, nowMs: () => number = Date.now): PlanChecks {
  const checks = new Map<string, Check>()

  function check(plan: WorkflowPlan): Promise<PlannerAnswer> {
    const key = createHash('sha256').update(JSON.stringify(plan)).digest('base64')
    const known = checks.get(key)
    if (known !== undefined && known.untilMs > nowMs()) return known.answer
    const signal = AbortSignal.timeout(answerMs)
    const answer = sidecar.invoke('planner', '/validate', { body: { plan }, schema: PlannerAnswer, signal })
    if (checks.size >= checksMax) checks.clear()
    const asked = { answer, untilMs: nowMs() + believedMs }
    checks.set(key, asked)
    const forget = () => {
      if (checks.get(key) === asked) checks.delete(key)
    }
    answer.then(({ problems }) => problems.length > 0 && forget(), forget)
    return answer
  }

  return {
    async requireSound(plan, param) {
      const { problems, plan: estimated } = await check(plan)
      const [first] = problems
      if (first === undefined) return estimated?.estimate
      const message = problems
        .map((problem) => (problem.stepId === undefined ? problem.message : `step "${problem.stepId}": ${problem.message}`))
        .join('; ')
      throw new WeftError('invalid_plan', `${param} cannot run: ${message}`, {
        param: first.stepId === undefined ? param : `${param}.steps.${first.stepId}`,
        details: { problems },
      })
    },
  }
}
