import {
  type ApprovalView,
  type Approver,
  type ChatMessage,
  hasCode,
  isTerminalTurn,
  messageText,
  sessionOfApproval,
  type SessionView,
  WeftError,
} from '@weft/contracts'
import { type KeyIdentity, requireScope } from '../core/api-key.ts'
import { approverOf } from '../core/approver.ts'
import { readDecisionMessage, type SpokenDecision } from '../core/decision-message.ts'
import type { WishedDecision } from '../core/decision-request.ts'
import { shownHashes } from '../core/describe-pause.ts'
import { pendingApprovals } from '../core/pending-approvals.ts'
import { readToolAnswers } from '../core/tool-answers.ts'
import type { SessionRef, Sessions } from '../sessions/dapr-sessions.ts'
import { type DecideDeps, decideApproval } from './decide-approval.ts'
import { type FindApprovalDeps, findApproval, viewIfKnown } from './find-approval.ts'

export interface ChatDecisionDeps extends DecideDeps, Pick<FindApprovalDeps, 'approvals'> {
  sessions: Pick<Sessions, 'view' | 'decide'>
}

export interface ChatDecisionRequest {
  identity: KeyIdentity
  messages: ChatMessage[]
  /** The session the request names. Without one only answers to approval calls can decide, whose ids name the session. */
  sessionId: string | undefined
  /** The client has sent this request before, so that its decision may be taken already. */
  isRetry: boolean
}

/** The decisions that a request makes, and the turn that goes on with them, or has gone on. */
export interface ChatDecision {
  session: SessionRef
  turn: number
  /** Takes the decisions; resolves to the ids of the approvals that are decided now. */
  decide(): Promise<Set<string>>
}

/**
 * The decision that a chat request is: answers to approval calls, or a message that spells out a decision while something is pending.
 * Undefined for an ordinary request. Throws `permission_denied` for a key that may not approve.
 */
export async function findChatDecision(deps: ChatDecisionDeps, request: ChatDecisionRequest): Promise<ChatDecision | undefined> {
  const answers = readToolAnswers(request.messages)
  const [first] = answers
  if (first !== undefined) return toolDecision(deps, request, answers)
  const last = request.messages.at(-1)
  const spoken = last?.role === 'user' && isOnlyText(last) ? readDecisionMessage(messageText(last)) : undefined
  return spoken === undefined || request.sessionId === undefined
    ? undefined
    : spokenDecision(deps, request, { ...spoken, sessionId: request.sessionId })
}

function isOnlyText({ content }: ChatMessage): boolean {
  return !Array.isArray(content) || content.every(({ type }) => type === 'text')
}

async function toolDecision(
  deps: ChatDecisionDeps,
  request: ChatDecisionRequest,
  answers: WishedDecision[],
): Promise<ChatDecision | undefined> {
  const { identity, sessionId } = request
  requireScope(identity, 'approve')
  const asked = await Promise.all(answers.map(({ approvalId }) => findApproval(deps, placeOf(identity.tenant, approvalId))))
  const [first] = asked
  if (first === undefined) return undefined
  const rootId = first.rootSessionId
  const isOther = asked.some((approval) => approval.rootSessionId !== rootId) || (sessionId !== undefined && sessionId !== rootId)
  if (isOther) throw new WeftError('invalid_request', 'these approvals belong to another session', { param: 'messages' })
  const session = { tenant: identity.tenant, sessionId: rootId }
  const turn = turnOf(await viewIfKnown(deps, session), first)
  return { session, turn, decide: () => decideAll(deps, { session, by: approverOf(identity), wishes: answers }) }
}

async function spokenDecision(
  deps: ChatDecisionDeps,
  request: ChatDecisionRequest,
  spoken: SpokenDecision & { sessionId: string },
): Promise<ChatDecision | undefined> {
  const { identity } = request
  const session = { tenant: identity.tenant, sessionId: spoken.sessionId }
  const view = await viewIfKnown(deps, session)
  if (view === undefined) return undefined
  const by = approverOf(identity)
  const pending = pendingApprovals(view)
  const [only, ...more] = spoken.approvalId === undefined ? pending : [namedApproval(view, spoken.approvalId)]
  if (only === undefined) return repeatedDecision(view, { session, spoken, by, isRetry: request.isRetry })
  requireScope(identity, 'approve')
  const turn = turnOf(view, only)
  // The message does not say which of several is meant, so that nothing is decided: following the turn shows what is pending.
  if (more.length > 0) return { session, turn, decide: async () => new Set() }
  requireShown(only, request.messages)
  const { action, comment } = spoken
  const wish = { approvalId: only.id, action, hash: only.hash, ...(comment === undefined ? {} : { comment }) }
  return { session, turn, decide: () => decideAll(deps, { session, by, wishes: [wish] }) }
}

/** A message that names an approval is about it and nothing else. */
function namedApproval({ id: sessionId, turns }: SessionView, id: string): ApprovalView {
  const named = turns.flatMap(({ approvals = [] }) => approvals).find((approval) => approval.id === id)
  if (named !== undefined) return named
  throw new WeftError('not_found', `session ${sessionId} has no approval '${id}'`, { param: 'messages' })
}

/** Refuses a decision in words if the conversation last showed the approval as something else than it is now. */
function requireShown({ id, hash }: ApprovalView, messages: ChatMessage[]): void {
  const last = messages.findLast(({ role }) => role === 'assistant')
  const shown = last === undefined ? undefined : shownHashes(messageText(last)).get(id)
  if (shown === undefined || hash.startsWith(shown)) return
  throw new WeftError('approval_outdated', `approval ${id} asks for something else than was shown: look at it again`, {
    details: { hash },
  })
}

/**
 * With nothing pending: the decision that this approver has taken in the newest turn already, if the message says the same, as a request that is sent again
 * does. A turn that has ended counts only if the client says that it sends the request again.
 */
function repeatedDecision(
  { turns }: SessionView,
  { session, spoken, by, isRetry }: { session: SessionRef; spoken: SpokenDecision; by: Approver; isRetry: boolean },
): ChatDecision | undefined {
  const newest = turns.at(-1)
  const votes = (newest?.approvals ?? []).flatMap((approval) => approval.votes)
  const isSaid = votes.some((vote) => vote.by === by.id && vote.decision === spoken.action)
  if (newest === undefined || !isSaid || (isTerminalTurn(newest.status) && !isRetry)) return undefined
  return { session, turn: newest.turn, decide: async () => new Set() }
}

/** The turn of the root session that an approval holds up; a child session's approvals are known to the turn that opened it. */
function turnOf(root: SessionView | undefined, approval: ApprovalView): number {
  if (root === undefined || approval.sessionId === root.id) return approval.turn
  const asking = root.turns.find(({ approvals = [] }) => approvals.some(({ id }) => id === approval.id))
  const open = root.turns.findLast(({ status }) => !isTerminalTurn(status))
  return (asking ?? open ?? root.turns.at(-1))?.turn ?? approval.turn
}

async function decideAll(
  deps: ChatDecisionDeps,
  { session, by, wishes }: { session: SessionRef; by: Approver; wishes: WishedDecision[] },
): Promise<Set<string>> {
  const decided = new Set<string>()
  for (const wish of wishes) {
    try {
      const { approval } = await decideApproval(deps, { place: placeOf(session.tenant, wish.approvalId), wish, by })
      if (approval.status !== 'pending') decided.add(approval.id)
    } catch (thrown) {
      // One decision may end the turn, and with it what the others were to decide.
      if (decided.size === 0 || !hasCode(thrown, 'gone')) throw thrown
    }
  }
  return decided
}

function placeOf(tenant: string, approvalId: string) {
  return { tenant, approvalId, sessionId: sessionOfApproval(approvalId) ?? approvalId }
}
