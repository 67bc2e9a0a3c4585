import { createHash } from 'node:crypto'
import { type Estimate, PlannerAnswer, WeftError, type WorkflowPlan } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'

/** What the planner says of plans that clients send. */
export interface PlanChecks {
  /**
   * What a plan is expected to cost. Throws `invalid_plan` naming every problem, with `param`, the field it came in, at the first;
   * `dependency_unavailable` or `timeout` when the planner does not answer within 8 s, or before `signal` aborts.
   */
  requireSound(plan: WorkflowPlan, options: { param: string; signal: AbortSignal }): Promise<Estimate | undefined>
}

interface Verdict {
  problems: PlannerAnswer['problems']
  estimate: Estimate | undefined
}

interface Check {
  verdict: Promise<Verdict>
  untilMs: number
}

/** Clients send the same few plans again and again. An agent that left meanwhile fails the step that needs it, as one that leaves later does. */
const believedMs = 5_000
const checksMax = 256
/** The planner asks agents whose cards it does not know, and who joined, which takes it up to 7 s. */
const answerMs = 8_000

/** A plan that was found sound is believed for 5 s, and one that is being checked is not sent a second time; refusals are not kept. */
export function createPlanChecks(sidecar: Pick<Sidecar, 'invoke'>, nowMs: () => number = () => performance.now()): PlanChecks {
  const checks = new Map<string, Check>()

  function check(plan: WorkflowPlan): Promise<Verdict> {
    const key = createHash('sha256').update(JSON.stringify(plan)).digest('base64')
    const known = checks.get(key)
    if (known !== undefined && known.untilMs > nowMs()) return known.verdict
    const verdict = ask(sidecar, plan)
    const asked = { verdict, untilMs: nowMs() + believedMs }
    makeRoom()
    checks.delete(key)
    checks.set(key, asked)
    const forget = () => {
      if (checks.get(key) === asked) checks.delete(key)
    }
    verdict.then(({ problems }) => problems.length > 0 && forget(), forget)
    return verdict
  }

  /** The oldest come first: those that nobody believes any more go, and one more when there are too many. */
  function makeRoom(): void {
    for (const [key, { untilMs }] of checks) {
      if (untilMs > nowMs() && checks.size < checksMax) return
      checks.delete(key)
    }
  }

  return {
    async requireSound(plan, { param, signal }) {
      const { problems, estimate } = await beforeAbort(check(plan), signal)
      const [first] = problems
      if (first === undefined) return estimate
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

async function ask(sidecar: Pick<Sidecar, 'invoke'>, plan: WorkflowPlan): Promise<Verdict> {
  const signal = AbortSignal.timeout(answerMs)
  const { problems, plan: checked } = await sidecar.invoke('planner', '/validate', {
    body: { plan },
    schema: PlannerAnswer,
    signal,
  })
  return { problems, estimate: checked?.estimate }
}

/** Others may wait for the same work, so it goes on. */
function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    const refuse = () => reject(new WeftError('timeout', 'the planner did not look at the plan in time'))
    if (signal.aborted) refuse()
    else signal.addEventListener('abort', refuse, { once: true })
  })
  return Promise.race([work, aborted])
}
