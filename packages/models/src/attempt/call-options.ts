import type { SpendingLimit } from '../budgets/spending-limit.ts'
import type { ModelUsage } from '../model-event.ts'
import type { ChainOptions } from '../resilience/chain-calls.ts'
import type { RouteWishes } from '../routing/model-router.ts'
import type { CallScope } from './call-scope.ts'
import type { InsteadOf } from './open-attempt.ts'

/** What a call of models is made with. */
export interface CallOptions extends ChainOptions {
  scope: CallScope
  /** Why this model was chosen, for the ledger. */
  receipt?: object | undefined
  /** Aborting it cancels the call upstream. */
  signal?: AbortSignal | undefined
  /** What the work that this call is part of may cost; default: what budgets leave. */
  limit?: SpendingLimit | undefined
  /** Budgets that ask, and that a person has let this call exceed. */
  approvedBudgets?: readonly string[] | undefined
  /** What a model has to be like that is chosen for the call. */
  wishes?: RouteWishes | undefined
  /** Gets what the answer has to be marked with: `cheaper_model` and `answer_shortened` where a budget had no room for what was asked. */
  degraded?: Set<string> | undefined
  /** Told of each model of the chain what a call of it has used that failed, where it has. Of streams only. */
  onFailedUse?: ((modelId: string, usage: ModelUsage) => void) | undefined
}

/** One call of one model, as budgets may have made it. */
export interface SingleCallOptions extends CallOptions {
  mustBeWhole?: boolean | undefined
  insteadOf?: InsteadOf | undefined
}
