import { PlannerAnswer, toWeftError } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import { planWith, refuseSteps } from '../core/add-steps.ts'
import { findTurn } from '../core/find-turn.ts'
import type { SessionInput } from '../core/session-input.ts'
import type { SessionState } from '../core/session-state.ts'

const checkTimeoutMs = 10_000

/**
 * Has the planner look at the steps that a result adds, before the session sees them: whether their agents can do what they ask for.
 * Steps that cannot be run make the result a failure; a planner that cannot be reached makes it one that may be tried again.
 */
export async function checkAddedSteps(
  sidecar: Pick<Sidecar, 'invoke'>,
  state: SessionState,
  input: SessionInput,
): Promise<SessionInput> {
  if (input.type !== 'outcome' || input.outcome.kind !== 'succeeded' || input.outcome.steps === undefined) return input
  const turn = findTurn(state, input.turn)
  const plan = planWith(turn, input.stepId, input.outcome.steps)
  if (plan === undefined) return input
  const refusal = refuseSteps(plan, { stepId: input.stepId, added: input.outcome.steps })
  // The session refuses these itself; a planner could not even read a plan that is too long.
  if (refusal !== undefined) return input
  const problem = await findProblem(sidecar, plan)
  if (problem === undefined) return input
  const message = `step "${input.stepId}" asked for steps that cannot be added: ${problem.message}`
  // Tried again, the agent answers with the result it kept and tells its usage once more: counted now it would count twice.
  const usage = problem.isRetryable ? [] : input.usage
  return { ...input, usage, outcome: { kind: 'failed', problem: { ...problem, message } } }
}

async function findProblem(sidecar: Pick<Sidecar, 'invoke'>, plan: object) {
  try {
    const request = { body: { plan }, schema: PlannerAnswer, signal: AbortSignal.timeout(checkTimeoutMs) }
    const [problem] = (await sidecar.invoke('planner', '/validate', request)).problems
    if (problem === undefined) return undefined
    const where = problem.stepId === undefined ? '' : `step "${problem.stepId}": `
    return { code: 'unprocessable_content' as const, message: `${where}${problem.message}`, isRetryable: false }
  } catch (thrown) {
    return { ...toWeftError(thrown).toProblem(), isRetryable: true }
  }
}
