import {
  type ApprovalKind,
  type ApprovalPolicy,
  type ApprovalRule,
  type ApprovalTerms,
  canReachQuorum,
  type Risk,
} from '@weft/contracts'

/** How long a decision is waited for when neither plan nor policy says: 7 days. */
const approvalTimeoutMsDefault = 604_800_000

/** What a policy is matched against. */
export interface PolicySubject {
  agent: string
  capability: string
  risk: Risk
  kind: ApprovalKind
}

/** Risk of what nobody has rated. */
export const riskDefault: Risk = 'medium'

/** The first policy that fits in all it names. */
export function findPolicy(policies: ApprovalPolicy[], subject: PolicySubject): ApprovalPolicy | undefined {
  return policies.find(({ match }) => {
    const { agent, capability, risk, kind } = match
    return (
      (agent === undefined || fits(agent, subject.agent)) &&
      (capability === undefined || fits(capability, subject.capability)) &&
      (risk === undefined || risk.includes(subject.risk)) &&
      (kind === undefined || kind.includes(subject.kind))
    )
  })
}

/** `*` at the end of a pattern stands for any rest. */
function fits(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

/** The terms of a step's own rule and of the policy it falls under, joined so that the stricter of the two holds. */
export function joinTerms(rule: ApprovalRule | undefined, policy: ApprovalPolicy | undefined): ApprovalTerms {
  const quorum = Math.max(rule?.quorum ?? 1, policy?.quorum ?? 1)
  const timeouts = [rule?.timeoutMs, policy?.timeoutMs].filter((timeoutMs) => timeoutMs !== undefined)
  const escalation = rule?.onTimeout === 'reject' ? [] : (policy?.escalation ?? [])
  const own = rule?.assignees ?? []
  const assignees = policy === undefined ? own : narrow(policy.assignees, { to: own, quorum })
  return {
    assignees,
    quorum: canReachQuorum(assignees, quorum) ? quorum : assignees.length,
    timeoutMs: timeouts.length === 0 ? approvalTimeoutMsDefault : Math.min(...timeouts),
    ...(policy?.remindBeforeMs === undefined ? {} : { remindBeforeMs: policy.remindBeforeMs }),
    onTimeout: escalation.length === 0 ? 'reject' : 'escalate',
    escalation,
  }
}

/** A plan may narrow whom a policy asks, but name nobody else; where too few would be left, the policy's own are asked. */
function narrow(ruling: string[], { to: own, quorum }: { to: string[]; quorum: number }): string[] {
  const both = ruling.length === 0 ? own : own.filter((assignee) => ruling.includes(assignee))
  return both.length > 0 && canReachQuorum(both, quorum) ? both : ruling
}
