import type { ChainOptions } from '../resilience/chain-calls.ts'
import type { RouteWishes } from '../routing/model-router.ts'
import type { AttemptCall } from './attempt-call.ts'

/** What a call of models is made with. */
export interface CallOptions extends ChainOptions, Omit<AttemptCall, 'follows' | 'mustBeWhole' | 'insteadOf'> {
  /** What a model has to be like that is chosen for the call. */
  wishes?: RouteWishes | undefined
}

/** One call of one model, as budgets may have made it. */
export interface SingleCallOptions extends CallOptions, AttemptCall {}
