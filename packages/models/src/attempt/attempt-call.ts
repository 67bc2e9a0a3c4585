import type { SpendingLimit } from '../budgets/spending-limit.ts'
import type { ModelUsage } from '../model-event.ts'
import type { CallScope } from './call-scope.ts'

/** Which attempt of a logical call this is. The ledger records each attempt, with the id of the first. */
export interface Follows {
  firstCallId: string
  attempt: number
}

/** The model that would have been asked if a budget had had room for it. */
export interface InsteadOf {
  model: string
  why: string
}

/** What one attempt at a model is made with, besides the request itself. */
export interface AttemptCall {
  scope: CallScope
  /** Why this model was chosen, for the ledger. */
  receipt?: object | undefined
  /** Aborting it cancels the call upstream. */
  signal?: AbortSignal | undefined
  /** What the whole work that this call is part of may cost; default: as much as budgets have left. */
  limit?: SpendingLimit | undefined
  /** Ids of budgets that ask before they are exceeded, and that a person has let this call exceed. */
  approvedBudgets?: readonly string[] | undefined
  /** Marks of the answer are added to it: `cheaper_model` or `answer_shortened` when a budget had no room for what was asked. */
  degraded?: Set<string> | undefined
  /** Where a budget that degrades has no room, the call is refused instead of answered more shortly. */
  mustBeWhole?: boolean | undefined
  /** The model that a budget had no room for, and why this one answers. */
  insteadOf?: InsteadOf | undefined
  /** Default: the first attempt. */
  follows?: Follows | undefined
  /** Told what a call has used that failed or was cancelled, if it used anything: the usage in an answer is only that of the call that answered. */
  onFailedUse?: ((modelId: string, usage: ModelUsage) => void) | undefined
}
