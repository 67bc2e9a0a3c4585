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

/**
 * How long a plan that was found sound is not checked again: clients send the same few plans over and over. Should an agent leave in that time, the step that
 * needs it fails, as it would if the agent left during the turn.
 */
const believedMs = 5_000
const checksMax = 256
/** How long the planner may take: it asks agents whose cards it does not know yet, which takes up to 7 s. */
const answerMs = 8_000

/** Has the planner check plans. A sound plan is not checked again for 5 s, and the same plan is never checked twice at the same time; refusals are not kept. */
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

  /** Removes checks that have expired and, if there are too many, the oldest one. The map has the oldest first. */
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

/** Waits for work no longer than until `signal` aborts. The work itself goes on, since others may be waiting for it. */
function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    const refuse = () => reject(new WeftError('timeout', 'the planner did not look at the plan in time'))
    if (signal.aborted) refuse()
    else signal.addEventListener('abort', refuse, { once: true })
  })
  return Promise.race([work, aborted])
}
