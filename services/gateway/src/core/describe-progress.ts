import { ApprovalView, type SessionEvent, WorkflowPlan } from '@weft/contracts'

/** One line about what the mesh is doing, for clients that show reasoning; undefined for events that say nothing new. */
export function describeProgress(event: SessionEvent): string | undefined {
  switch (event.type) {
    case 'plan.ready':
      return describePlan(event)
    case 'step.ready':
      return `${nameOf(event)}: ready${typeof event.cause === 'string' ? `, but ${event.cause}` : ''}`
    case 'step.dispatched':
      return `${nameOf(event)}: started`
    case 'step.progress':
      return typeof event.message === 'string' ? `${nameOf(event)}: ${event.message}` : undefined
    case 'step.retried':
      return `${nameOf(event)}: trying again`
    case 'step.failed':
      return `${nameOf(event)}: failed`
    case 'step.skipped':
      return `${nameOf(event)}: skipped`
    case 'approval.requested':
      return `${nameOf(event)}: waits for an approval${describeApproval(event, ({ id, reason }) => ` (${id}): ${reason}`)}`
    case 'approval.decided':
      return `${nameOf(event)}: ${describeApproval(event, ({ decision }) => `${decision?.status} by ${decision?.by}`) || 'decided'}`
    case 'budget.warning':
      return 'the budget is nearly used up'
    default:
      return undefined
  }
}

function describeApproval(event: SessionEvent, describe: (approval: ApprovalView) => string): string {
  const approval = ApprovalView.safeParse(event.approval)
  return approval.success ? describe(approval.data) : ''
}

/** The plan an event carries, when it is whole. */
export function planOf(event: SessionEvent): WorkflowPlan | undefined {
  if (event.type !== 'plan.ready') return undefined
  const parsed = WorkflowPlan.safeParse(event.plan)
  return parsed.success ? parsed.data : undefined
}

const stepsShownMax = 12

function describePlan(event: SessionEvent): string {
  const plan = planOf(event)
  if (plan === undefined) return 'plan ready'
  const names = plan.steps.slice(0, stepsShownMax).map((step) => step.stepId)
  const more = plan.steps.length > stepsShownMax ? ` and ${plan.steps.length - stepsShownMax} more` : ''
  return `plan: ${names.join(', ')}${more}`
}

function nameOf(event: SessionEvent): string {
  return event.stepId ?? 'the session'
}
