import { type ApprovalView, showHidden } from '@weft/contracts'
import type { HistoryEntry } from './approvals-api.ts'
import { shortened } from './render-sources.ts'

/** An approval in one line, for lists. */
export function renderApprovalLine(approval: ApprovalView): string {
  const { id, status, risk, reason, deadline, decision, quorum, votes } = approval
  const approved = votes.filter((vote) => vote.decision === 'approve').length
  const seats = quorum > 1 && status === 'pending' ? ` (${approved} of ${quorum})` : ''
  const end = decision === undefined ? (deadline === undefined ? '' : `  until ${deadline}`) : `  by ${decision.by}`
  return showHidden(
    `${id}  ${status}${seats}  ${risk.padEnd(6)}  ${shortened(whatIsAsked(approval), 60)}  ${shortened(reason, 60)}${end}`,
  )
}

/** Which agent asks to do what. The action of a step already names its agent. */
export function whatIsAsked({ agent, action }: Pick<ApprovalView, 'agent' | 'action'>): string {
  return action.startsWith(`${agent}: `) ? action : `${agent}: ${action}`
}

/** All of an approval that its approver should know. */
export function renderApproval(approval: ApprovalView): string[] {
  const { suggestion, context, costUsd, decision, votes } = approval
  const rows: [string, string | undefined][] = [
    ['session', `${approval.sessionId}, turn ${approval.turn}, step ${approval.stepId}`],
    ['why', approval.reason],
    ['impact', approval.impact],
    ['risk', approval.risk],
    ['question', shortened(context.question, 300)],
    [
      'suggested',
      suggestion && `${suggestion.decision} (confidence ${suggestion.confidence}): ${suggestion.evidence.join('; ')}`,
    ],
    [
      'cost',
      `$${costUsd.soFar.toFixed(4)} so far${costUsd.ahead === undefined ? '' : `, about $${costUsd.ahead.toFixed(4)} ahead`}`,
    ],
    ['asked', approval.assignees.length === 0 ? 'every key with the scope approve' : approval.assignees.join(', ')],
    ['quorum', approval.quorum > 1 ? String(approval.quorum) : undefined],
    ['until', approval.deadline],
    ['snoozed', approval.snoozedUntil],
    ['hash', approval.hash],
    [
      'decided',
      decision &&
        `${decision.status} by ${decision.by} at ${decision.at}${decision.comment === undefined ? '' : `: ${decision.comment}`}`,
    ],
  ]
  const lines = [
    `${approval.id}: ${approval.status}`,
    `${approval.agent} wants to "${approval.action}" with`,
    ...(JSON.stringify(approval.args, undefined, 2) ?? 'nothing').split('\n').map((line) => `  ${line}`),
    ...rows.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(10)} ${value}`])),
    ...context.dependencies.map(({ stepId, status, excerpt }) => `found      ${stepId} (${status}): ${shortened(excerpt, 200)}`),
    ...votes.map(
      (vote) => `vote       ${vote.by}: ${vote.decision} at ${vote.at}${vote.comment === undefined ? '' : `: ${vote.comment}`}`,
    ),
    ...(decision?.changes ?? []).map(
      ({ path, before, after }) => `changed    ${path}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`,
    ),
  ]
  return lines.map((line) => showHidden(line).replaceAll('\n', `\n${' '.repeat(11)}`))
}

/** An entry of the history, in one line. */
export function renderHistory({ position, at, approvalId, entry }: HistoryEntry): string {
  const { kind, by, decision, comment, to, until } = entry
  const what = [kind, decision, to && `to ${to}`, until && `until ${until}`].filter((part) => part !== undefined && part !== '')
  const said = comment === undefined ? '' : `: ${comment}`
  return showHidden(`${String(position).padStart(6)}  ${at}  ${approvalId}  ${what.join(' ')} by ${by}${said}`)
}
