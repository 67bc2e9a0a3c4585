import { isDeepStrictEqual } from 'node:util'
import { type ApprovalVote, type Approver, approvalLimits, canReachQuorum, type DecideApproval, WeftError } from '@weft/contracts'
import { noteApproval } from './ask-approval.ts'
import { endApproval } from './end-approval.ts'
import { modifyQuestion } from './modify-question.ts'
import { resolveApproval } from './resolve-approval.ts'
import type { SessionDraft } from './session-draft.ts'
import type { ApprovalState, TurnState } from './session-state.ts'
import { settleTurn } from './settle-turn.ts'
import { tickApprovals } from './tick-approvals.ts'
import { viewApproval } from './view-approval.ts'

/**
 * One approver's word on an approval, decided here and nowhere else, so that of all that race (approvers, deadline, cancel) one wins.
 * Refused: `not_found`; `permission_denied` for who is not asked; `gone` when nobody has to decide any more; `conflict` when it was
 * decided otherwise (by whom and when in the message); `approval_outdated` when what was shown is no longer what is asked.
 */
export function decideApproval(draft: SessionDraft, decision: DecideApproval): void {
  const { turn } = findApproval(draft, decision.approvalId)
  tickApprovals(draft, turn.turn)
  const found = findApproval(draft, decision.approvalId)
  const isRepeat = hasDelegated(found.approval, decision) || decide(draft, found, decision)
  settleTurn(draft, turn.turn)
  const decided = findApproval(draft, decision.approvalId)
  const { lastSeq } = draft.session
  draft.reply = { kind: 'decided', approval: viewApproval(draft.session, decided.turn, decided.approval), isRepeat, lastSeq }
}

/**
 * Whether a delegation repeats one that was done before: whoever gave the seat away has none any more, and may not have heard that it worked. It is no
 * repeat when an administrator delegates a pending approval to somebody who is not asked now.
 */
function hasDelegated({ status, assignees, delegations }: ApprovalState, { action, by, to }: DecideApproval): boolean {
  if (action !== 'delegate' || to === undefined || assignees.some((assignee) => isOf(by, assignee))) return false
  const isNewDelegation = by.isAdmin && status === 'pending' && !assignees.includes(to)
  return !isNewDelegation && delegations.some((earlier) => earlier.by === by.id && earlier.to === to)
}

interface FoundApproval {
  turn: TurnState
  approval: ApprovalState
}

function decide(draft: SessionDraft, found: FoundApproval, decision: DecideApproval): boolean {
  const { turn, approval } = found
  requireAssignee(approval, decision.by)
  return approval.status === 'pending' ? act(draft, turn.turn, decision) : repeatsOrThrow(found, decision)
}

function findApproval(draft: SessionDraft, id: string): FoundApproval {
  for (const turn of draft.session.turns) {
    const approval = turn.approvals.find((candidate) => candidate.id === id)
    if (approval !== undefined) return { turn, approval }
  }
  throw new WeftError('not_found', `no such approval: ${id}`)
}

function requireAssignee({ assignees, id }: ApprovalState, by: Approver): void {
  if (assignees.length === 0 || by.isAdmin || assignees.some((assignee) => isOf(by, assignee))) return
  throw new WeftError('permission_denied', `${by.id} is not asked for approval ${id}: ${assignees.join(', ')} may decide it`)
}

function isOf({ id, roles }: Approver, assignee: string): boolean {
  return assignee === id || roles.some((role) => assignee === `role:${role}`)
}

/** True for a decision that says what was decided already. Throws for any other, which comes too late. */
function repeatsOrThrow(found: FoundApproval, wish: DecideApproval): boolean {
  const { id, status, decision } = found.approval
  const isSame =
    (hasVoted(found.approval, wish) || verdicts[status] === wish.action) &&
    (wish.action !== 'modify' || isSameChange(found, wish))
  if (isSame) return true
  const code = status === 'expired' || status === 'cancelled' ? 'gone' : 'conflict'
  const message = `approval ${id} was ${status} by ${decision?.by} at ${decision?.at}`
  throw new WeftError(code, message, { details: { decision } })
}

const verdicts: Partial<Record<ApprovalState['status'], DecideApproval['action']>> = {
  approved: 'approve',
  rejected: 'reject',
  modified: 'modify',
}

/** Whether this approver's own vote says the same already. */
function hasVoted({ votes }: ApprovalState, { action, by }: DecideApproval): boolean {
  return votes.some((vote) => vote.by === by.id && wordOf(vote) === action)
}

/** The action a vote was given with. To approve is no repeat of having modified, although both count as votes to approve. */
function wordOf({ decision, isModification }: ApprovalVote): DecideApproval['action'] {
  return isModification === true ? 'modify' : decision
}

/** Whether what is asked now is what this change would make of it. */
function isSameChange({ turn, approval }: FoundApproval, { params, plan }: DecideApproval): boolean {
  if (plan !== undefined) return isDeepStrictEqual(plan, turn.plan)
  return isDeepStrictEqual(params, approval.question.args) && (approval.kind === 'agent' || turn.plan !== undefined)
}

/** Whether this approver asked for this change, which others have yet to agree to. */
function hasModified(found: FoundApproval, wish: DecideApproval): boolean {
  const hasSpoken = found.approval.votes.some((vote) => vote.by === wish.by.id)
  return wish.action === 'modify' && hasSpoken && isSameChange(found, wish)
}

/** Carries out a decision on a pending approval; returns true if the approver had said the same before, so that nothing changed. */
function act(draft: SessionDraft, turn: number, decision: DecideApproval): boolean {
  const found = findApproval(draft, decision.approvalId)
  if (hasModified(found, decision)) return true
  requireHash(found.approval, decision.hash)
  switch (decision.action) {
    case 'approve':
    case 'reject':
      return vote(draft, turn, decision)
    case 'modify':
      modifyQuestion(draft, turn, decision)
      return vote(draft, turn, decision)
    case 'snooze':
      snooze(draft, turn, decision)
      return false
    case 'delegate':
      delegate(draft, turn, decision)
      return false
    case 'comment':
      comment(draft, turn, decision)
      return false
  }
}

function requireHash({ id, hash }: ApprovalState, shown: string | undefined): void {
  if (shown === undefined || shown === hash) return
  throw new WeftError('approval_outdated', `approval ${id} asks for something else than was shown: look at it again`, {
    details: { hash },
  })
}

/** Casts a vote. One vote to reject decides, or as many to approve as the quorum asks for. Returns true if the approver had voted the same before. */
function vote(draft: SessionDraft, turn: number, wish: DecideApproval): boolean {
  const { approvalId: id, by, comment: said } = wish
  const action = wish.action === 'reject' ? 'reject' : 'approve'
  const before = findApproval(draft, id).approval
  if (before.status !== 'pending') return false
  const own = before.votes.find((candidate) => candidate.by === by.id)
  if (own !== undefined && wordOf(own) === wish.action) return true
  if (own !== undefined) {
    throw new WeftError('conflict', `${by.id} decided to ${wordOf(own)} at ${own.at}; approval ${id} waits for others`)
  }
  const approval = draft.editApproval(turn, id)
  const words = said === undefined ? {} : { comment: said }
  const change = wish.action === 'modify' ? { isModification: true } : {}
  const cast: ApprovalVote = { by: by.id, decision: action, at: new Date(draft.nowMs).toISOString(), ...words, ...change }
  approval.votes = [...approval.votes, cast]
  const approvals = approval.votes.filter((candidate) => candidate.decision === 'approve').length
  if (action === 'approve' && approvals < approval.quorum) {
    noteApproval(draft, { turn, approval }, { kind: 'voted', by: by.id, decision: action, ...words })
    return false
  }
  resolveApproval(draft, turn, endApproval(draft, { turn, id }, { ...verdictOf(approval, action, wish), by: by.id, ...words }))
  return false
}

function verdictOf({ changes }: ApprovalState, action: 'approve' | 'reject', { estimate }: DecideApproval) {
  if (action === 'reject') return { status: 'rejected' as const }
  if (changes.length === 0) return { status: 'approved' as const }
  return { status: 'modified' as const, changes, ...(estimate === undefined ? {} : { estimate }) }
}

/** Snoozing hides an approval from lists for a while; its deadline stays. */
function snooze(draft: SessionDraft, turn: number, { approvalId: id, by, untilMs }: DecideApproval): void {
  const approval = draft.editApproval(turn, id)
  const latestMs = approval.deadlineMs ?? Number.POSITIVE_INFINITY
  if (untilMs === undefined || untilMs <= draft.nowMs || untilMs > latestMs) {
    const bound =
      approval.deadlineMs === undefined ? '' : ` and not after the deadline ${new Date(approval.deadlineMs).toISOString()}`
    throw new WeftError('invalid_request', `until must be a time in the future${bound}`, { param: 'until' })
  }
  approval.snoozedUntilMs = untilMs
  noteApproval(draft, { turn, approval }, { kind: 'snoozed', by: by.id, until: new Date(untilMs).toISOString() })
}

const delegationsMax = 50

/** The approver's own seat goes to somebody else; an administrator who has none gives away all of them. */
function delegate(draft: SessionDraft, turn: number, { approvalId: id, by, to }: DecideApproval): void {
  if (to === undefined) throw new WeftError('invalid_request', 'to must name who shall decide instead', { param: 'to' })
  const approval = draft.editApproval(turn, id)
  const vote = approval.votes.find((candidate) => candidate.by === by.id)
  if (vote !== undefined)
    throw new WeftError('conflict', `${by.id} decided to ${vote.decision} at ${vote.at}: a vote is not given away`)
  const others = approval.assignees.filter((assignee) => !isOf(by, assignee))
  const isSeated = others.length < approval.assignees.length
  const assignees = [...new Set(isSeated ? [...others, to] : [to])]
  if (!canReachQuorum(assignees, approval.quorum)) {
    const message = `${approval.quorum} have to approve, and only ${assignees.join(', ')} would be asked`
    throw new WeftError('invalid_request', message, { param: 'to' })
  }
  approval.assignees = assignees
  approval.delegations = [...approval.delegations, { by: by.id, to }].slice(-delegationsMax)
  noteApproval(draft, { turn, approval }, { kind: 'delegated', by: by.id, to })
}

function comment(draft: SessionDraft, turn: number, { approvalId: id, by, comment: text }: DecideApproval): void {
  if (text === undefined || text === '') throw new WeftError('invalid_request', 'text must not be empty', { param: 'text' })
  const approval = draft.editApproval(turn, id)
  if (approval.commentCount >= approvalLimits.commentsMax) {
    throw new WeftError('conflict', `approval ${id} has ${approval.commentCount} comments already, the most it can have`)
  }
  approval.commentCount += 1
  noteApproval(draft, { turn, approval }, { kind: 'commented', by: by.id, comment: text })
}
