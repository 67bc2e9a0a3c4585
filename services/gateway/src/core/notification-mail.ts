import { type ApprovalView, showHidden } from '@weft/contracts'

export interface Mail {
  subject: string
  text: string
}

const argsCharsMax = 4_000

/** The letter that asks for a decision. Plain text: what agents wrote is shown, never interpreted. */
export function approvalMail(approval: ApprovalView, { url, expiresAt }: { url: string; expiresAt: string }): Mail {
  const { action, reason, risk, impact, deadline, context, id } = approval
  const args = showHidden(JSON.stringify(approval.args, null, 2) ?? '')
  const lines = [
    `${oneLine(action)}`,
    '',
    `Why: ${oneLine(reason)}`,
    `Risk: ${risk}`,
    ...(impact === undefined ? [] : [`Impact: ${oneLine(impact)}`]),
    ...(deadline === undefined ? [] : [`To be decided before ${deadline}; after that it is rejected.`]),
    ...(context.question === '' ? [] : ['', `Asked was: ${oneLine(context.question)}`]),
    '',
    'With:',
    args.length > argsCharsMax ? `${args.slice(0, argsCharsMax).toWellFormed()}… (the whole is on the page)` : args,
    '',
    `Look at it and decide: ${url}`,
    `The link works once, until ${expiresAt}. Later: weft approvals show ${id}`,
  ]
  return { subject: `Approval needed: ${oneLine(action)}`.slice(0, 200).toWellFormed(), text: lines.join('\n') }
}

/** A line break in a subject would begin another header. */
function oneLine(text: string): string {
  return showHidden(text.replace(/\s+/g, ' ').trim())
}
