import type { ApprovalView } from '@weft/contracts'
import type { ApprovalState, SessionState, TurnState } from './session-state.ts'

/** An approval as clients, the log and notifications show it. */
export function viewApproval(
  { sessionId }: Pick<SessionState, 'sessionId'>,
  turn: TurnState,
  approval: ApprovalState,
): ApprovalView {
  const { terms: _, impact, policy, suggestion, ...asked } = approval.question
  const { id, status, kind, stepId, hash, planVersion, assignees, quorum, votes, commentCount, escalationLevel } = approval
  const { decision, deadlineMs, snoozedUntilMs } = approval
  return {
    id,
    object: 'approval',
    status,
    kind,
    sessionId,
    rootSessionId: turn.request.parent?.rootSessionId ?? sessionId,
    turn: turn.turn,
    stepId,
    ...asked,
    hash,
    planVersion,
    assignees,
    quorum,
    votes,
    commentCount,
    requestedAt: iso(approval.requestedAtMs),
    escalationLevel,
    ...(impact === undefined ? {} : { impact }),
    ...(policy === undefined ? {} : { policy }),
    ...(suggestion === undefined ? {} : { suggestion }),
    ...(deadlineMs === undefined ? {} : { deadline: iso(deadlineMs) }),
    ...(snoozedUntilMs === undefined ? {} : { snoozedUntil: iso(snoozedUntilMs) }),
    ...(decision === undefined ? {} : { decision }),
  }
}

/** A turn's approvals, pending ones first; each group oldest first. */
export function viewApprovals(session: Pick<SessionState, 'sessionId'>, turn: TurnState): ApprovalView[] {
  const views = turn.approvals.map((approval) => viewApproval(session, turn, approval))
  const children = Object.values(turn.steps).flatMap((step) => step.child?.approvals ?? [])
  const all = [...views, ...children]
  return [...all.filter(isPending), ...all.filter((view) => !isPending(view))]
}

function isPending({ status }: ApprovalView): boolean {
  return status === 'pending'
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
