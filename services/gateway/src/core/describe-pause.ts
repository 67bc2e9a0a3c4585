import type { TurnView } from '@weft/contracts'

/** A pending approval as answers carry it. */
export interface ApprovalSummary {
  stepId: string
  agent: string
  action: string
  reason: string
  risk?: 'low' | 'medium' | 'high'
  deadline?: string
}

/** What the turn waits for. */
export function pendingApprovals(turn: TurnView): ApprovalSummary[] {
  return turn.steps
    .filter((step) => step.status === 'awaiting_approval')
    .map((step) => {
      const rule = turn.plan?.steps.find((planned) => planned.stepId === step.stepId)?.approval
      return {
        stepId: step.stepId,
        agent: step.agent,
        action: step.capability,
        reason: rule?.reason ?? step.waitingFor?.cause ?? 'this step needs an approval',
        ...(rule?.risk === undefined ? {} : { risk: rule.risk }),
        ...(step.waitingFor?.deadline === undefined ? {} : { deadline: step.waitingFor.deadline }),
      }
    })
}

/** How an answer says, politely, that a person decides first. */
export function describePause(sessionId: string, approvals: ApprovalSummary[]): string {
  const asked = approvals.map(({ stepId, action, agent, reason, risk }) => {
    const danger = risk === undefined ? '' : ` (risk: ${risk})`
    return `- ${stepId}: ${agent} wants to "${action}"${danger}. ${reason}`
  })
  return [
    'This work is paused until a person has decided:',
    ...(asked.length > 0 ? asked : ['- a step waits for an approval']),
    `Continue with a message in session ${sessionId}: "approve", or "reject because …".`,
  ].join('\n')
}
