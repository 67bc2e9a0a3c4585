/** A decision that a message spells out; `approvalId` when it names the approval it is about. */
export interface SpokenDecision {
  action: 'approve' | 'reject'
  approvalId?: string
  comment?: string
}

const approval = /^approve(?:\s+(?<id>appr_[\w-]{1,128}\.\d{1,9}))?(?:\s*[.!]?|\s*:\s*(?<words>\S.*))$/is
const rejection =
  /^reject(?:\s+(?<id>appr_[\w-]{1,128}\.\d{1,9}))?(?:\s*[.!]?|\s*[:,]\s*(?<words>\S.*)|\s+because\s+(?<why>\S.*))$/is

/**
 * Reads "approve", "approve: comment", "reject because reason" (or ":" in place of "because"), each also with an approval's id after the
 * verb. Undefined for everything else, above all for anything that approves under a condition: when in doubt nothing is approved.
 */
export function readDecisionMessage(message: string): SpokenDecision | undefined {
  const text = message.trim()
  const approved = approval.exec(text)?.groups
  if (approved !== undefined) return spoken('approve', approved.id, approved.words)
  const rejected = rejection.exec(text)?.groups
  return rejected === undefined ? undefined : spoken('reject', rejected.id, rejected.words ?? rejected.why)
}

function spoken(action: SpokenDecision['action'], approvalId: string | undefined, words: string | undefined): SpokenDecision {
  return {
    action,
    ...(approvalId === undefined ? {} : { approvalId }),
    ...(words === undefined ? {} : { comment: words.trim() }),
  }
}
