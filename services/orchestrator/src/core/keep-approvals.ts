import { isDeepStrictEqual } from 'node:util'
import { type Approver, childAgent, WeftError, WorkflowPlan, type WorkflowStep } from '@weft/contracts'
import { findPolicy, riskDefault } from './approval-terms.ts'
import type { ApprovalState, TurnState } from './session-state.ts'

/**
 * An approver who changes the plan may change what is done, but not who has to agree to it. Throws `permission_denied` unless
 * - each step keeps the approval it asks for and the policy it falls under;
 * - a step that does the work of one with an approval (itself, as a fallback, or in a child session) asks for the same approval;
 * - a step that several people have to approve stays in the plan.
 * Administrators may do all of that.
 */
export function keepApprovals(
  { plan, policies }: Pick<TurnState, 'plan' | 'policies'>,
  next: WorkflowPlan,
  { approval, by }: { approval: ApprovalState; by: Approver },
): void {
  if (by.isAdmin || plan === undefined) return
  for (const step of next.steps) keepRule({ steps: plan.steps, policies }, step)
  if (approval.quorum < 2 || next.steps.some(({ stepId }) => stepId === approval.stepId)) return
  throw refusal(
    approval.stepId,
    `takes ${approval.quorum} people to decide, and one of them cannot leave it out: reject it instead`,
  )
}

/** The plan before the change and the policies of its turn. */
interface Ruling {
  steps: WorkflowStep[]
  policies: TurnState['policies']
}

function keepRule(ruling: Ruling, step: WorkflowStep): void {
  const known = ruling.steps.find(({ stepId }) => stepId === step.stepId)
  if (known === undefined || !doesSame(known, step)) {
    if (known !== undefined && policyOf(ruling, known) !== policyOf(ruling, step))
      throw refusal(
        step.stepId,
        `would fall under another policy (${policyOf(ruling, step) ?? 'none'}): leave it out, and add a step of another name`,
      )
    requireRule(step, [...(known === undefined ? [] : [known]), ...ruling.steps.filter((other) => mayDoWorkOf(other, step))])
    for (const inside of planInside(step)) keepRule(ruling, inside)
  } else if (known.approval !== undefined) requireRule(step, [known])
}

function requireRule({ stepId, approval }: WorkflowStep, alike: WorkflowStep[]): void {
  const rules = alike.flatMap((other) => other.approval ?? [])
  if (rules.length === 0 || rules.some((rule) => isDeepStrictEqual(rule, approval))) return
  throw refusal(stepId, `does what has to be approved (${rules[0]?.reason}): its approval stays as the plan has it`)
}

/** Whether a changed step still does the work of the step it replaces; only its arguments may differ then. */
function doesSame(one: WorkflowStep, other: WorkflowStep): boolean {
  const what = (step: WorkflowStep) => [step.agent, step.capability, step.onFailure?.agent, planInside(step)]
  return isDeepStrictEqual(what(one), what(other))
}

/** Whether two steps may come to do the same work: one capability, and an agent that both name, be it as a fallback. */
function mayDoWorkOf(one: WorkflowStep, other: WorkflowStep): boolean {
  return one.capability === other.capability && agentsOf(one).some((agent) => agentsOf(other).includes(agent))
}

function agentsOf({ agent, onFailure }: WorkflowStep): string[] {
  return onFailure?.agent === undefined ? [agent] : [agent, onFailure.agent]
}

function policyOf({ policies }: Ruling, { agent, capability, approval }: WorkflowStep): string | undefined {
  return findPolicy(policies, { agent, capability, risk: approval?.risk ?? riskDefault, kind: 'step' })?.name
}

/** Steps that a child session is to run. */
function planInside({ agent, params }: WorkflowStep): WorkflowStep[] {
  const inside = agent === childAgent.agent ? WorkflowPlan.safeParse(params.plan) : undefined
  return inside?.data?.steps ?? []
}

function refusal(stepId: string, why: string): WeftError {
  return new WeftError('permission_denied', `step "${stepId}" ${why}`, { param: `plan.steps.${stepId}` })
}
