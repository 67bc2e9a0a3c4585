import type { ApprovalView, SessionView } from '@weft/contracts'

/** What a session waits for, oldest turn first; its child sessions' approvals are among it. */
export function pendingApprovals(session: Pick<SessionView, 'turns'>): ApprovalView[] {
  const byId = new Map<string, ApprovalView>()
  for (const approval of session.turns.flatMap((turn) => turn.approvals ?? [])) {
    if (approval.status === 'pending') byId.set(approval.id, approval)
  }
  return [...byId.values()]
}
