import type { ChainOptions } from '../resilience/chain-calls.ts'
import type { RouteWishes } from '../routing/model-router.ts'
import type { AttemptCall } from './attempt-call.ts'

/** What a call of models is made with. */
export interface CallOptions extends ChainOptions, Omit<AttemptCall, 'follows' | 'mustBeWhole' | 'insteadOf'> {
  /** What a model has to be like to be chosen for the call. */
  wishes?: RouteWishes | undefined
}

/** What a single call of one model is made with. It adds what budgets and chains of models decide. */
export interface SingleCallOptions extends CallOptions, AttemptCall {}
