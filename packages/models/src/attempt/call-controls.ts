import type { ModelErrorCode } from '../model-error.ts'
import type { ModelUsage } from '../model-event.ts'
import type { ModelInfo } from '../registry/catalog.ts'
import type { CallContent } from './call-content.ts'
import type { CallScope } from './call-scope.ts'
import type { UnpricedModels } from './unpriced-models.ts'

/** What is known of a call before it is made. */
export interface CallFacts extends CallContent {
  /** Unique to this attempt at one model. */
  callId: string
  kind: 'chat' | 'embedding' | 'rerank'
  model: ModelInfo
  scope: CallScope
  /** 1 for the model tried first, one more for each that it is replaced by. */
  attempt: number
  /** The first attempt's `callId`: its own for that one. */
  firstCallId: string
  /** Why this model was chosen, where it was. */
  receipt?: object | undefined
  /** Budgets that ask, and that a person has let this call exceed. */
  approvedBudgets?: readonly string[] | undefined
}

export type CallOutcome =
  | { kind: 'completed' }
  | { kind: 'cancelled' }
  | { kind: 'cached' }
  | { kind: 'failed'; code: ModelErrorCode }

/** A call that its provider did not count: texts whose tokens can be counted, and the usage that follows from them. */
export interface UncountedCall {
  texts: readonly string[]
  usageOf(tokens: readonly number[]): ModelUsage
}

export interface CallEnd {
  /** Estimated from characters where the call is uncounted. */
  usage: ModelUsage
  uncounted?: UncountedCall | undefined
  outcome: CallOutcome
  durationMs: number
  firstTokenMs?: number | undefined
}

/**
 * Where calls are recorded. `begin` settles once the record would survive the end of this process; it throws ModelError when nothing can be recorded.
 * `heardChars` tells how much of the answer has come.
 */
export interface CallLedger {
  begin(facts: CallFacts, heardChars: () => number): LedgerEntry | Promise<LedgerEntry>
}

export interface LedgerEntry {
  /** Answers the usage that is recorded, where that is not the given one. */
  end(end: CallEnd): Promise<ModelUsage> | undefined
}

/** What may be spent. `reserve` sets the call's worst case aside, or throws ModelError `budget_exceeded`. */
export interface BudgetGate {
  reserve(call: CallFacts & ReserveWishes): Reservation | Promise<Reservation>
}

export interface ReserveWishes {
  /** Rather refused than answered with less. */
  mustBeWhole?: boolean | undefined
  signal?: AbortSignal | undefined
}

/** Exactly one of both is called, once: `settle` with what the call has cost, `release` when it was not made. */
export interface Reservation {
  /** The call is let through if each answer gets no longer: there is no room for more. */
  outputTokensMax?: number | undefined
  settle(costUsd: number): void
  release(): void
}

/** Which models are worth a call now. `admit` throws ModelError for one that keeps failing. */
export interface BreakerBoard {
  admit(modelId: string): Admission | Promise<Admission>
  /** `closed`, `open` or `half_open`, as this process knows it. */
  stateOf?(modelId: string): string
}

/** Exactly one of these is called, once; `abandoned` when the call says nothing about the model, as when it was cancelled. */
export interface Admission {
  succeeded(): void
  failed(code: ModelErrorCode): void
  abandoned(): void
}

/** What every call passes. Whatever is left out lets all calls through. */
export interface CallControls {
  /** The life of a process that calls are made in; default: this one's. */
  life?: string | undefined
  budgets?: BudgetGate | undefined
  breakers?: BreakerBoard | undefined
  ledger?: CallLedger | undefined
  /** What becomes of calls of models without a price, as of now. */
  unpriced?: (() => UnpricedModels) | undefined
}
