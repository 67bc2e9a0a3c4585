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
  /** 1 for the model tried first, one more for each further attempt. */
  attempt: number
  /** The `callId` of the first attempt; equal to `callId` for that one. */
  firstCallId: string
  /** Why this model was chosen; undefined when the caller named it. */
  receipt?: object | undefined
  /** Ids of budgets that ask before they are exceeded, and that a person has let this call exceed. */
  approvedBudgets?: readonly string[] | undefined
}

export type CallOutcome =
  | { kind: 'completed' }
  | { kind: 'cancelled' }
  | { kind: 'cached' }
  | { kind: 'failed'; code: ModelErrorCode }

/** A call whose tokens its provider did not count: the texts to count, and how their tokens become the call's usage. */
export interface UncountedCall {
  texts: readonly string[]
  usageOf(tokens: readonly number[]): ModelUsage
}

export interface CallEnd {
  /** Estimated from characters when `uncounted` is given. */
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
  /** Records the end. Answers the usage that is recorded once it was counted; undefined when the given one is recorded. */
  end(end: CallEnd): Promise<ModelUsage> | undefined
}

/** Bounds what may be spent. `reserve` sets the call's worst case aside, or throws ModelError `budget_exceeded`. */
export interface BudgetGate {
  reserve(call: CallFacts & ReserveWishes): Reservation | Promise<Reservation>
}

export interface ReserveWishes {
  /** Refuses the call instead of shortening its answer. */
  mustBeWhole?: boolean | undefined
  signal?: AbortSignal | undefined
}

/** Whoever reserved calls exactly one of the two, once: `settle` with what the call has cost, `release` when it was not made. */
export interface Reservation {
  /** The longest each answer may get, in tokens, when there was no room for what the request allows. */
  outputTokensMax?: number | undefined
  settle(costUsd: number): void
  release(): void
}

/** Decides which models may be called now. `admit` throws ModelError for a model that keeps failing. */
export interface BreakerBoard {
  admit(modelId: string): Admission | Promise<Admission>
  /** `closed`, `open` or `half_open`, as this process knows it. */
  stateOf?(modelId: string): string
}

/** Whoever was admitted calls exactly one of these, once: `abandoned` when the call tells nothing about the model, as when it was cancelled. */
export interface Admission {
  succeeded(): void
  failed(code: ModelErrorCode): void
  abandoned(): void
}

/** What every call has to pass. A part that is left out lets all calls through. */
export interface CallControls {
  /** The process life that ids of calls name, see call-id.ts; default: that of this process. */
  life?: string | undefined
  budgets?: BudgetGate | undefined
  breakers?: BreakerBoard | undefined
  ledger?: CallLedger | undefined
  /** How models without a price are treated now. Default: their calls cost nothing. */
  unpriced?: (() => UnpricedModels) | undefined
}
