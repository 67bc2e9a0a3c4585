import { isDeepStrictEqual } from 'node:util'
import { type Approver, WeftError, type WorkflowPlan, type WorkflowStep } from '@weft/contracts'
import type { ApprovalState } from './session-state.ts'

/**
 * An approver may change what is done, but not who has to agree: a step keeps the approval it asks for, a step that does what another asked for asks for
 * the same, and what takes several people is not left out by one. Administrators may. Refused with `permission_denied`.
 */
export function keepApprovals(
  before: WorkflowPlan,
  after: WorkflowPlan,
  { approval, by }: { approval: ApprovalState; by: Approver },
): void {
  if (by.isAdmin) return
  for (const step of after.steps) keepRule(before, step)
  if (approval.quorum < 2 || after.steps.some(({ stepId }) => stepId === approval.stepId)) return
  throw refusal(
    approval.stepId,
    `takes ${approval.quorum} people to decide, and one of them cannot leave it out: reject it instead`,
  )
}

function keepRule({ steps }: WorkflowPlan, step: WorkflowStep): void {
  const known = steps.find(({ stepId }) => stepId === step.stepId)
  const isSame = known?.agent === step.agent && known.capability === step.capability
  if (isSame && (known.approval === undefined || isDeepStrictEqual(known.approval, step.approval))) return
  const alike = steps.filter(({ agent, capability }) => agent === step.agent && capability === step.capability)
  const rules = (isSame ? [known] : [known, ...alike]).flatMap((other) => other?.approval ?? [])
  if (rules.length === 0 || rules.some((rule) => isDeepStrictEqual(rule, step.approval))) return
  throw refusal(step.stepId, `does what has to be approved (${rules[0]?.reason}): its approval stays as the plan has it`)
}

function refusal(stepId: string, why: string): WeftError {
  return new WeftError('permission_denied', `step "${stepId}" ${why}`, { param: `plan.steps.${stepId}` })
}
