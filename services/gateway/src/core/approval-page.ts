import { createHash } from 'node:crypto'
import type { ApprovalView } from '@weft/contracts'
import { escapeHtml } from './escape-html.ts'

const style = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
pre { background: #f3f3f3; padding: .75rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere }
dt { font-weight: 600 } dd { margin: 0 0 .75rem }
form { border: 1px solid #ccc; padding: 1rem; margin: 1rem 0 } textarea { width: 100%; box-sizing: border-box }
button { font: inherit; padding: .4rem 1.2rem } .high { color: #a00; font-weight: 600 }
`

/** Nothing but this page's own style; forms go nowhere else; no other page may frame it. */
export const pagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** What is asked, and the forms to decide it; `problem` in their place where it cannot be decided here any more. */
export function approvalPage(approval: ApprovalView, more: { token: string; by: string } | { problem: string }): string {
  const title = `${approval.agent} wants to "${approval.action}"`
  const end = 'problem' in more ? `<p><strong>${escapeHtml(more.problem)}</strong></p>` : forms(approval, more)
  return page(title, `<p>${escapeHtml(approval.reason)}</p>${facts(approval)}${end}`)
}

/** A page that says one thing: that it is decided, or why nothing can be. */
export function noticePage(title: string, message: string): string {
  return page(title, `<p>${escapeHtml(message)}</p>`)
}

function page(title: string, body: string): string {
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">`
  return `<!doctype html><html lang="en"><head>${head}<title>${escapeHtml(title)}</title><style>${style}</style></head><body><h1>${escapeHtml(title)}</h1>${body}</body></html>\n`
}

function facts(approval: ApprovalView): string {
  const { args, impact, risk, suggestion, context, costUsd, deadline, assignees, quorum, votes, decision } = approval
  const cast = votes.map(({ by, decision: vote, comment }) => `${by}: ${vote}${comment === undefined ? '' : ` (${comment})`}`)
  const rows: [string, string | undefined][] = [
    ['With', `<pre>${escapeHtml(JSON.stringify(args, undefined, 2) ?? 'nothing')}</pre>`],
    ['Risk', `<span class="${risk}">${risk}</span>`],
    ['Impact', plain(impact)],
    ['The question', plain(context.question)],
    [
      'What was found so far',
      list(context.dependencies.map(({ stepId, status, excerpt }) => `${stepId} (${status}): ${excerpt}`)),
    ],
    [
      'Suggested',
      plain(suggestion && `${suggestion.decision}, confidence ${suggestion.confidence}: ${suggestion.evidence.join('; ')}`),
    ],
    [
      'Cost so far',
      plain(`$${costUsd.soFar.toFixed(4)}${costUsd.ahead === undefined ? '' : `, about $${costUsd.ahead.toFixed(4)} ahead`}`),
    ],
    [
      'Who decides',
      plain(
        `${assignees.length === 0 ? 'everyone who may approve' : assignees.join(', ')}${quorum > 1 ? `, ${quorum} of them` : ''}`,
      ),
    ],
    ['Votes', list(cast)],
    ['Decide until', plain(deadline)],
    [
      'Decided',
      plain(
        decision &&
          `${decision.status} by ${decision.by} at ${decision.at}${decision.comment === undefined ? '' : `: ${decision.comment}`}`,
      ),
    ],
    ['Approval', `<code>${escapeHtml(approval.id)} ${approval.hash.slice(0, 8)}</code>`],
  ]
  return `<dl>${rows.map(([term, html]) => (html === undefined ? '' : `<dt>${term}</dt><dd>${html}</dd>`)).join('')}</dl>`
}

function plain(text: string | undefined): string | undefined {
  return text === undefined ? undefined : escapeHtml(text)
}

function list(lines: string[]): string | undefined {
  return lines.length === 0 ? undefined : lines.map(escapeHtml).join('<br>')
}

function forms({ id }: ApprovalView, { token, by }: { token: string; by: string }): string {
  const start = `<form method="post" action="/approvals/${escapeHtml(encodeURIComponent(id))}/page"><input type="hidden" name="token" value="${escapeHtml(token)}">`
  return `<p>You decide as <strong>${escapeHtml(by)}</strong>. This page can be used once.</p>
${start}<input type="hidden" name="decision" value="approve"><label>Comment <textarea name="comment" maxlength="4000"></textarea></label><button>Approve</button></form>
${start}<input type="hidden" name="decision" value="reject"><label>Reason <textarea name="comment" maxlength="4000" required></textarea></label><button>Reject</button></form>`
}
