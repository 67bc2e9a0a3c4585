import type { SpendingLimit } from '../budgets/spending-limit.ts'
import type { ModelUsage } from '../model-event.ts'
import type { CallScope } from './call-scope.ts'

/** Which attempt of a logical call this is; the ledger keeps them together. */
export interface Follows {
  firstCallId: string
  attempt: number
}

/** A model that would have been asked, were it not for a budget. */
export interface InsteadOf {
  model: string
  why: string
}

/** What one attempt at a model is made with, apart from what is asked. */
export interface AttemptCall {
  scope: CallScope
  /** Why this model was chosen, for the ledger. */
  receipt?: object | undefined
  /** Aborting it cancels the call upstream. */
  signal?: AbortSignal | undefined
  /** What the work that this call is part of may cost; default: what budgets leave. */
  limit?: SpendingLimit | undefined
  /** Budgets that ask, and that a person has let this call exceed. */
  approvedBudgets?: readonly string[] | undefined
  /** Gets what the answer has to be marked with: `cheaper_model` and `answer_shortened` where a budget had no room for what was asked. */
  degraded?: Set<string> | undefined
  /** Rather refused than answered with less, where a budget degrades. */
  mustBeWhole?: boolean | undefined
  /** The model that a budget had no room for, and why this one answers. */
  insteadOf?: InsteadOf | undefined
  /** Default: the first attempt. */
  follows?: Follows | undefined
  /** Told what the call has used, where it has, if it is not answered to its end: the usage of an answer is that of the last call alone. */
  onFailedUse?: ((modelId: string, usage: ModelUsage) => void) | undefined
}
