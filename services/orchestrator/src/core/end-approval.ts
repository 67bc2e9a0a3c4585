import type { ApprovalDecision } from '@weft/contracts'
import { noteApproval } from './ask-approval.ts'
import type { SessionDraft } from './session-draft.ts'
import type { ApprovalState } from './session-state.ts'

/** Ends a pending approval with its one decision. What follows for its step is the caller's. */
export function endApproval(
  draft: SessionDraft,
  { turn, id }: { turn: number; id: string },
  decision: Omit<ApprovalDecision, 'at'>,
): ApprovalState {
  const approval = draft.editApproval(turn, id)
  approval.status = decision.status
  approval.decision = { ...decision, at: new Date(draft.nowMs).toISOString() }
  noteApproval(draft, { turn, approval }, { kind: 'decided', ...decision })
  return approval
}

/** The turn ends first: nobody has to decide any more. */
export function cancelApprovals(draft: SessionDraft, turn: number): void {
  const pending = (draft.findTurn(turn)?.approvals ?? []).filter((approval) => approval.status === 'pending')
  for (const { id } of pending) endApproval(draft, { turn, id }, { status: 'cancelled', by: 'session' })
}
