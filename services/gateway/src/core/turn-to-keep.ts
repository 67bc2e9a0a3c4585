import type { TurnView } from '@weft/contracts'

/** Weft's own agents, which change nothing outside, and whose results depend only on the conversation, the knowledge and the model. Other agents may do more. */
const readers: ReadonlySet<string> = new Set(['rag', 'reasoning'])

/** Flaws that an answer has whenever it is made, and not just this time. */
const lastingFlaws: ReadonlySet<string> = new Set(['offline_model'])

/**
 * Whether the answer of a turn may be given to the next who asks the same: it is complete, all steps succeeded and only read, nobody changed the plan or was asked
 * for an approval, and it was not itself taken over from an earlier turn.
 */
export function isTurnToKeep({ status, answer, plan, planVersion, steps, approvals = [], forkedFrom }: TurnView): boolean {
  if (status !== 'completed' || answer === undefined || answer.degraded.some((flaw) => !lastingFlaws.has(flaw))) return false
  if (plan === undefined || planVersion !== 1 || approvals.length > 0 || forkedFrom !== undefined) return false
  return steps.length > 0 && steps.every((step) => readers.has(step.agent) && step.status === 'succeeded')
}
