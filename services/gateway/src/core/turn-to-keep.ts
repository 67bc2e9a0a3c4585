import type { TurnView } from '@weft/contracts'

/** Agents of Weft's own: what they do changes nothing, and follows from the conversation, the knowledge and the model. Of others nobody here knows. */
const readers: ReadonlySet<string> = new Set(['rag', 'reasoning'])

/** What an answer lacks each time it is asked for, and not just this time. */
const lastingFlaws: ReadonlySet<string> = new Set(['offline_model'])

/**
 * Whether what a turn answered is as good an answer to somebody else: a whole one, by a plan that Weft made and nobody changed, approved or was asked about, whose
 * steps only read and all succeeded, and that was not itself taken over.
 */
export function isTurnToKeep({ status, answer, plan, planVersion, steps, approvals = [], forkedFrom }: TurnView): boolean {
  if (status !== 'completed' || answer === undefined || answer.degraded.some((flaw) => !lastingFlaws.has(flaw))) return false
  if (plan === undefined || planVersion !== 1 || approvals.length > 0 || forkedFrom !== undefined) return false
  return steps.length > 0 && steps.every((step) => readers.has(step.agent) && step.status === 'succeeded')
}
