import { z } from 'zod'
import { ApprovalPolicy, approvalLimits, Assignee, canReachQuorum, EscalationRung } from './approval.ts'

const roleAssignee = /^role:[A-Za-z0-9_.-]+$/
const Assigned = Assignee.refine((name) => !name.startsWith('role:') || roleAssignee.test(name), {
  message: 'no key can have this role: after "role:" come letters, digits, "_", "." and "-"',
})

const Pattern = z
  .string()
  .min(1)
  .max(approvalLimits.nameCharsMax)
  .refine((pattern) => !pattern.slice(0, -1).includes('*'), {
    message: '"*" stands for any rest, at the end of a name and nowhere else',
  })

const unreachable = { message: 'the quorum is more than the assignees it names', path: ['quorum'] }

const Rung = z
  .strictObject({ ...EscalationRung.shape, assignees: z.array(Assigned).min(1).max(approvalLimits.assigneesMax) })
  .refine(({ assignees, quorum }) => canReachQuorum(assignees, quorum ?? 1), unreachable)

const { risk, kind } = ApprovalPolicy.shape.match.shape
const Match = z.strictObject({
  agent: Pattern.optional(),
  capability: Pattern.optional(),
  risk: risk.refine(isNotEmpty, { message: 'an empty list fits nothing: leave it out, and any fits' }),
  kind: kind.refine(isNotEmpty, { message: 'an empty list fits nothing: leave it out, and any fits' }),
})

function isNotEmpty(list: unknown[] | undefined): boolean {
  return list === undefined || list.length > 0
}

const Policy = z
  .strictObject({
    ...ApprovalPolicy.shape,
    match: Match,
    assignees: z.array(Assigned).max(approvalLimits.assigneesMax).default([]),
    escalation: z.array(Rung).max(approvalLimits.rungsMax).default([]),
  })
  .refine(({ assignees, quorum }) => canReachQuorum(assignees, quorum), unreachable)

/**
 * The file of policies; of those that match, the first counts. Refuses what would quietly have nobody asked: a misspelt field, a pattern or a
 * list that fits nothing, an approver who cannot be.
 */
export const ApprovalPolicyFile = z.strictObject({ policies: z.array(Policy).max(approvalLimits.policiesMax) })
