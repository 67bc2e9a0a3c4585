import { type DecideApproval, findPlanProblems, planLimits, WeftError, type WorkflowPlan } from '@weft/contracts'
import { hashOfQuestion } from './ask-approval.ts'
import { changePlan } from './change-plan.ts'
import { compareArguments, comparePlans } from './compare-plans.ts'
import { endApproval } from './end-approval.ts'
import { keepApprovals } from './keep-approvals.ts'
import type { SessionDraft } from './session-draft.ts'

/**
 * Puts other arguments, or another remaining plan, in the place of what was asked. Earlier votes no longer count. Refused with `invalid_request`
 * when nothing would change, with `invalid_plan` when a step that has started would, with `permission_denied` when others would no longer be asked.
 */
export function modifyQuestion(draft: SessionDraft, turn: number, decision: DecideApproval): void {
  const { params, plan } = decision
  if ((params === undefined) === (plan === undefined)) {
    throw new WeftError('invalid_request', 'give either params or plan: what shall be done instead', { param: 'params' })
  }
  if (plan !== undefined) modifyPlan(draft, turn, { ...decision, plan })
  else modifyArguments(draft, turn, { ...decision, params: params ?? {} })
}

function modifyArguments(
  draft: SessionDraft,
  turn: number,
  { approvalId: id, by, params }: DecideApproval & { params: Record<string, unknown> },
): void {
  const bytes = Buffer.byteLength(JSON.stringify(params))
  if (bytes > planLimits.paramsBytesMax) {
    const message = `params are ${bytes} bytes of JSON, more than ${planLimits.paramsBytesMax}`
    throw new WeftError('payload_too_large', message, { param: 'params' })
  }
  const approval = draft.editApproval(turn, id)
  const plan = draft.findTurn(turn)?.plan
  if (approval.kind !== 'agent' && plan !== undefined) {
    const steps = plan.steps.map((step) => (step.stepId === approval.stepId ? { ...step, params } : step))
    modifyPlan(draft, turn, { approvalId: id, by, plan: { ...plan, steps } })
    return
  }
  const changes = compareArguments('args', approval.question.args, params)
  requireChange(changes.length)
  approval.changes = [...approval.changes, ...changes]
  approval.question = { ...approval.question, args: params }
  approval.questionVersion += 1
  approval.votes = []
  const owner = draft.findTurn(turn)
  if (owner !== undefined) approval.hash = hashOfQuestion(draft, owner, approval)
}

/** A plan that leaves the step itself out decides the approval at once: nothing is left that could be approved. */
function modifyPlan(
  draft: SessionDraft,
  turn: number,
  {
    approvalId: id,
    by,
    plan,
    ...more
  }: Pick<DecideApproval, 'approvalId' | 'by' | 'comment' | 'estimate'> & { plan: WorkflowPlan },
): void {
  const owner = draft.findTurn(turn)
  const before = owner?.plan
  const approval = draft.editApproval(turn, id)
  const changes = before === undefined ? [] : comparePlans(before, plan)
  requireChange(changes.length)
  requireSound(plan)
  if (owner !== undefined) keepApprovals(owner, plan, { approval, by })
  approval.changes = [...approval.changes, ...changes]
  if (!plan.steps.some((step) => step.stepId === approval.stepId)) {
    const { comment, estimate } = more
    endApproval(
      draft,
      { turn, id },
      {
        status: 'modified',
        by: by.id,
        changes: approval.changes,
        ...(comment === undefined ? {} : { comment }),
        ...(estimate === undefined ? {} : { estimate }),
      },
    )
  }
  changePlan(draft, turn, { plan, by: by.id })
}

/** What agents can do, the planner has looked at before. */
function requireSound(plan: WorkflowPlan): void {
  const [problem] = findPlanProblems(plan)
  if (problem === undefined) return
  const where = problem.stepId === undefined ? 'the plan' : `step "${problem.stepId}"`
  throw new WeftError('invalid_plan', `${where}: ${problem.message}`, {
    param: problem.stepId === undefined ? 'plan' : `plan.steps.${problem.stepId}`,
  })
}

function requireChange(count: number): void {
  if (count > 0) return
  throw new WeftError('invalid_request', 'nothing would be changed: approve it instead', { param: 'params' })
}
