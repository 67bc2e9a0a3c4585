import type { ApprovalDecided, ApprovalView, Approver, Estimate, SessionView, WorkflowPlan } from '@weft/contracts'
import type { WishedDecision } from '../core/decision-request.ts'
import { retryBriefly, usualBudgetMs } from '../retry-briefly.ts'
import type { Sessions } from '../sessions/dapr-sessions.ts'
import type { PlanChecks } from '../sessions/plan-checks.ts'
import type { ApprovalPlace } from './find-approval.ts'

export interface DecideDeps {
  sessions: Pick<Sessions, 'view' | 'decide'>
  plans: PlanChecks
}

export interface DecideRequest {
  place: ApprovalPlace
  wish: WishedDecision
  by: Approver
}

/**
 * Hands a decision to the session it belongs to. A modified plan is checked by the planner first. Throws what the session refuses:
 * `not_found`, `permission_denied`, `conflict`, `approval_outdated`, `gone`.
 */
export async function decideApproval(deps: DecideDeps, { place, wish, by }: DecideRequest): Promise<ApprovalDecided> {
  const act = async (signal: AbortSignal) => {
    const estimate = wish.action === 'modify' ? await estimateChange(deps, { place, wish, signal }) : undefined
    return deps.sessions.decide(place, { ...wish, by, ...(estimate === undefined ? {} : { estimate }) }, signal)
  }
  // The same decision may be sent again: the session answers it as it did before. A comment would be there twice.
  return wish.action === 'comment' ? act(AbortSignal.timeout(usualBudgetMs)) : retryBriefly(act)
}

interface Change {
  place: ApprovalPlace
  wish: WishedDecision
  signal: AbortSignal
}

/**
 * What the changed plan will cost; undefined where the change is not to a plan, or the approval is no longer pending. Throws `invalid_plan` for one that
 * cannot run.
 */
async function estimateChange(deps: DecideDeps, { place, wish, signal }: Change): Promise<Estimate | undefined> {
  const plan = wish.plan ?? planWithParams(await deps.sessions.view(place, signal), wish)
  return plan === undefined
    ? undefined
    : deps.plans.requireSound(plan, { param: wish.plan === undefined ? 'params' : 'plan', signal })
}

function planWithParams({ turns }: SessionView, { approvalId, params = {} }: WishedDecision): WorkflowPlan | undefined {
  for (const { plan, approvals = [] } of turns) {
    const approval = approvals.find(({ id }) => id === approvalId)
    if (approval !== undefined)
      return plan === undefined || !changesPlan(approval) ? undefined : withParams(plan, approval.stepId, params)
  }
  return undefined
}

/** Arguments that an agent asks about in the middle of its step are its own and not the step's parameters. */
function changesPlan({ kind, status }: ApprovalView): boolean {
  return kind !== 'agent' && status === 'pending'
}

function withParams(plan: WorkflowPlan, stepId: string, params: Record<string, unknown>): WorkflowPlan {
  return { ...plan, steps: plan.steps.map((step) => (step.stepId === stepId ? { ...step, params } : step)) }
}
