import { noteApproval, remindAt } from './ask-approval.ts'
import { endApproval } from './end-approval.ts'
import { resolveApproval } from './resolve-approval.ts'
import type { SessionDraft } from './session-draft.ts'
import type { ApprovalState, TurnState } from './session-state.ts'

/** Reminders, the next rung of an escalation ladder, and the end of what nobody decided in time: rejected. */
export function tickApprovals(draft: SessionDraft, turn: number): void {
  for (const { id } of draft.findTurn(turn)?.approvals ?? []) {
    const approval = draft.findTurn(turn)?.approvals.find((candidate) => candidate.id === id)
    if (approval?.status === 'pending') tickApproval(draft, turn, approval)
  }
}

function tickApproval(
  draft: SessionDraft,
  turn: number,
  { id, deadlineMs, remindAtMs, question, escalationLevel }: ApprovalState,
): void {
  if (deadlineMs !== undefined && deadlineMs <= draft.nowMs) {
    if (question.terms.escalation.length > escalationLevel) escalate(draft, turn, id)
    else resolveApproval(draft, turn, endApproval(draft, { turn, id }, { status: 'expired', by: 'deadline' }))
    return
  }
  if (remindAtMs === undefined || remindAtMs > draft.nowMs) return
  const approval = draft.editApproval(turn, id)
  approval.remindAtMs = undefined
  approval.snoozedUntilMs = undefined
  noteApproval(draft, { turn, approval }, { kind: 'reminded', by: 'session' })
}

/** Those of the next rung are asked afresh: what the ones before them voted does not count among them. */
function escalate(draft: SessionDraft, turn: number, id: string): void {
  const approval = draft.editApproval(turn, id)
  const rung = approval.question.terms.escalation[approval.escalationLevel]
  if (rung === undefined) return
  approval.escalationLevel += 1
  approval.assignees = rung.assignees
  approval.quorum = rung.quorum ?? 1
  approval.votes = []
  approval.snoozedUntilMs = undefined
  approval.deadlineMs = draft.nowMs + rung.timeoutMs
  approval.remindAtMs = remindAt(draft.nowMs, approval.deadlineMs, approval.question.terms.remindBeforeMs)
  noteApproval(draft, { turn, approval }, { kind: 'escalated', by: 'deadline', to: rung.assignees })
}

/** When the next tick has something to do about a turn's approvals, in epoch milliseconds. */
export function approvalTimesMs({ approvals }: TurnState): number[] {
  return approvals.flatMap(({ status, deadlineMs, remindAtMs }) =>
    status === 'pending' ? [deadlineMs, remindAtMs].filter((atMs) => atMs !== undefined) : [],
  )
}
