import { ApprovalSummary, type ApprovalView, parseValue, showHidden } from '@weft/contracts'

/** What a paused answer says in words: what is asked, where to look at it, and how to go on. */
export interface Pause {
  sessionId: string
  pending: ApprovalView[]
  /** The message waits behind an earlier one that is paused. */
  isQueued: boolean
  /** Where a person can look at an approval. */
  linkOf(approval: ApprovalView): string
}

export function summarize(approval: ApprovalView): ApprovalSummary {
  return parseValue(ApprovalSummary, approval, 'an approval')
}

/** How an answer says, politely, that a person decides first. */
export function describePause(pause: Pause): string {
  const { pending, isQueued } = pause
  const first = isQueued
    ? 'This message is next: the session is paused until a person has decided about earlier work:'
    : 'This work is paused until a person has decided:'
  const asked =
    pending.length > 0 ? pending.flatMap((approval) => describeAsked(approval, pause)) : ['- a step waits for an approval']
  return [first, ...asked, howToGoOn(pause)].join('\n')
}

function describeAsked(approval: ApprovalView, { linkOf }: Pause): string[] {
  const { stepId, agent, action, args, reason, risk } = approval
  const asked = `${agent} wants to "${action}" with ${shortJson(args)} (risk: ${risk}${votesOf(approval)}). ${reason}`
  return [`- ${stepId}: ${showHidden(asked)} ${shownMark(approval)}`, `  ${linkOf(approval)}`]
}

const argsCharsMax = 300

function shortJson(args: unknown): string {
  const text = JSON.stringify(args) ?? 'nothing'
  return text.length > argsCharsMax ? `${text.slice(0, argsCharsMax)}…` : text
}

function votesOf({ quorum, votes }: ApprovalView): string {
  const approvals = votes.filter(({ decision }) => decision === 'approve').length
  return quorum > 1 ? `, ${approvals} of ${quorum} have approved` : ''
}

function howToGoOn({ sessionId, pending }: Pause): string {
  const [only, ...more] = pending
  const name = only === undefined || more.length === 0 ? '' : ` ${only.id}`
  return `Continue with a message in session ${sessionId}: "approve${name}", or "reject${name} because …".`
}

/** Names an approval and the start of its hash, so that an answer in words can be held to what was shown. */
function shownMark({ id, hash }: ApprovalView): string {
  return `[${id} #${hash.slice(0, 8)}]`
}

/** The starts of the hashes that a text shows, by approval; the last one where an approval is shown twice. */
export function shownHashes(text: string): Map<string, string> {
  const marks = text.matchAll(/\[(appr_[A-Za-z0-9_-]{1,128}\.\d{1,9}) #([0-9a-f]{8})\]/g)
  return new Map(Array.from(marks, ([, id = '', start = '']) => [id, start]))
}
