import { errorMessage } from '@weft/contracts'
import { ModelError } from '../model-error.ts'
import type { ModelUsage } from '../model-event.ts'
import type { ModelInfo } from '../registry/catalog.ts'
import { within } from '../resilience/within.ts'
import { estimateTokensOf, usageOf } from '../tokens/price-tokens.ts'
import { type AnswerFacts, noAnswer } from './answer-facts.ts'
import type { AttemptCall } from './attempt-call.ts'
import type { CallContent } from './call-content.ts'
import type { Admission, CallControls, CallFacts, CallOutcome, LedgerEntry, Reservation } from './call-controls.ts'
import { type CallGuard, guardCall } from './call-guard.ts'
import { newCallId } from './call-id.ts'
import { type CallObserver, observeCall } from './observe-call.ts'
import { uncountedCall } from './uncounted-call.ts'
import { withPrice } from './unpriced-models.ts'

export interface AttemptOptions extends AttemptCall {
  /** Default `chat`. */
  kind?: CallFacts['kind']
  controls: CallControls
  model: ModelInfo
  content: CallContent
  /** What the span tells of the request. */
  wishes: { maxOutputTokens?: unknown; temperature?: unknown }
  silence: { firstMs: number; betweenMs: number }
}

/** One call of one model. Whoever opened it has to end it, however the call goes, with `complete`, `fail` or `leave`; a second end does nothing. */
export interface Attempt {
  callId: string
  /** The longest each answer may get, in tokens, when a budget has no room for what the request allows. */
  outputTokensMax: number | undefined
  guard: CallGuard
  /** Filled in by whoever reads the answer. */
  answer: AnswerFacts
  /** Content of the answer came. */
  touchContent(): void
  /** What the call used, once it has ended. If its provider did not count, the ledger's count is used, or the estimate if that count takes more than 250 ms. */
  used(): Promise<ModelUsage | undefined>
  /** Settles once `onFailedUse` was told what a call used that failed or was cancelled; at once for any other call. */
  told(): Promise<void>
  /** The answer is whole. */
  complete(): ModelUsage
  /** The call failed, or was cancelled: why. */
  fail(thrown: unknown): ModelError
  /** The reader left before the end: the call is cancelled upstream. */
  leave(): void
}

/**
 * Takes a call through what it has to pass, in this order: its worst case is reserved, the breaker admits it, and the ledger records that it begins. Throws
 * ModelError when one of them refuses, and gives back what was taken before.
 */
export async function openAttempt(options: AttemptOptions): Promise<Attempt> {
  const facts = factsOf(options)
  const { controls, model, silence, signal } = options
  const answer = noAnswer()
  let reservation: Reservation | undefined
  let admission: Admission | undefined
  try {
    reservation = await reserveWithin(options, facts)
    noteDegraded(options, facts, reservation)
    admission = await controls.breakers?.admit(model.id)
    // A caller that left while the call waited for a budget or a breaker pays nothing for it.
    if (signal?.aborted) throw new ModelError('cancelled', `the call to ${model.id} was cancelled`, { isRetryable: false })
    const entry = await controls.ledger?.begin(facts, () => answer.contentChars)
    const guard = guardCall({ signal, ...silence, what: model.id })
    const { wishes, onFailedUse } = options
    const tell = onFailedUse && ((usage: ModelUsage) => onFailedUse(model.id, usage))
    return startAttempt(facts, { ...wishes, reservation, admission, entry, guard, answer, tellFailedUse: tell })
  } catch (thrown) {
    admission?.abandoned()
    reservation?.release()
    throw thrown
  }
}

/** Marks the answer, and the call's record in the ledger, when a budget changed its model or shortened it. */
function noteDegraded({ degraded, insteadOf }: AttemptOptions, facts: CallFacts, reservation: Reservation | undefined): void {
  const outputTokensMax = reservation?.outputTokensMax
  if (insteadOf !== undefined) {
    degraded?.add('cheaper_model')
    facts.receipt = { ...facts.receipt, insteadOf }
  }
  if (outputTokensMax !== undefined) {
    degraded?.add('answer_shortened')
    facts.receipt = { ...facts.receipt, answerShortenedTo: outputTokensMax }
  }
}

/** Reserves within the work's own limit first, which needs no waiting, then in every budget, for an answer no longer than the limit allows. */
async function reserveWithin(
  { controls, limit, approvedBudgets, mustBeWhole, signal }: AttemptOptions,
  facts: CallFacts,
): Promise<Reservation | undefined> {
  const own = limit?.reserve({ ...facts, mustBeWhole })
  try {
    const outputTokensMax = own?.outputTokensMax ?? facts.outputTokensMax
    const common = await controls.budgets?.reserve({ ...facts, outputTokensMax, approvedBudgets, mustBeWhole, signal })
    if (own === undefined || common === undefined) return own ?? common
    return {
      outputTokensMax: common.outputTokensMax ?? own.outputTokensMax,
      settle(costUsd) {
        own.settle(costUsd)
        common.settle(costUsd)
      },
      release() {
        own.release()
        common.release()
      },
    }
  } catch (thrown) {
    own?.release()
    throw thrown
  }
}

function factsOf({ kind = 'chat', controls, scope, content, follows, receipt, ...options }: AttemptOptions): CallFacts {
  const model = withPrice(options.model, controls.unpriced)
  const { firstCallId, attempt } = follows ?? { firstCallId: newCallId(controls.life), attempt: 1 }
  const callId = attempt === 1 ? firstCallId : newCallId(controls.life)
  return { callId, kind, model, scope, attempt, firstCallId, ...content, receipt }
}

/** What a call that was let through holds, and what it reports to. */
interface Taken {
  maxOutputTokens?: unknown
  temperature?: unknown
  reservation: Reservation | undefined
  admission: Admission | undefined
  entry: LedgerEntry | undefined
  guard: CallGuard
  answer: AnswerFacts
  tellFailedUse: ((usage: ModelUsage) => void) | undefined
}

function startAttempt(facts: CallFacts, taken: Taken): Attempt {
  const { model, callId } = facts
  const { guard, answer, maxOutputTokens, temperature } = taken
  const startedAt = performance.now()
  const observed = observeCall({ kind: facts.kind, model, maxOutputTokens, temperature })
  let firstTokenMs: number | undefined
  let used: ModelUsage | undefined
  let counted: Promise<ModelUsage> | undefined
  let told: Promise<void> | undefined
  /** The first failure counts: ending the call aborts it, which would look like a failure of its own. */
  let failure: ModelError | undefined

  function end(outcome: CallOutcome): ModelUsage {
    if (used !== undefined) return used
    guard.end()
    // A reader that stops early would leave the call running upstream. Of a whole answer that is not streamed nothing is left to come.
    if (facts.isStreamed || outcome.kind !== 'completed') guard.abort()
    const { tokens, contentChars } = answer
    const inputTokens = () => facts.inputTokens
    const usage = usageOf(model, tokens, () => estimateTokensOf({ inputTokens, outputChars: contentChars, failure }))
    used = usage
    const { outputTokensMax = facts.outputTokensMax } = taken.reservation ?? {}
    const uncounted = usage.measured ? undefined : uncountedCall(facts, { answer, failure, outputTokensMax })
    counted = taken.entry?.end({ usage, uncounted, outcome, durationMs: performance.now() - startedAt, firstTokenMs })
    tellBreaker(taken.admission, outcome)
    if (counted === undefined) taken.reservation?.settle(usage.costUsd)
    else counted.then(({ costUsd }) => taken.reservation?.settle(costUsd))
    tellObserver(observed, { answer, usage, failure })
    if (outcome.kind !== 'completed') told = tellUse(taken, countedSoon(counted, usage))
    return usage
  }

  return {
    callId,
    outputTokensMax: taken.reservation?.outputTokensMax,
    guard,
    answer,
    touchContent() {
      firstTokenMs ??= performance.now() - startedAt
      // An answer that is not streamed comes in one chunk, so it has no time to its first.
      if (facts.isStreamed) observed.firstToken()
    },
    used: async () => used && countedSoon(counted, used),
    told: async () => told,
    complete: () => end({ kind: 'completed' }),
    fail(thrown) {
      failure ??= guard.reason() ?? asModelError(thrown, model.id)
      end(failure.code === 'cancelled' ? { kind: 'cancelled' } : { kind: 'failed', code: failure.code })
      return failure
    },
    leave: () => {
      end({ kind: 'cancelled' })
    },
  }
}

/** How long an answer waits for its count: the thread counts within milliseconds, but takes a second when it has to read its vocabulary first. */
const countedWithinMs = 250

async function countedSoon(counted: Promise<ModelUsage> | undefined, estimated: ModelUsage): Promise<ModelUsage> {
  return counted === undefined ? estimated : within(countedWithinMs, counted, () => estimated)
}

async function tellUse({ tellFailedUse }: Taken, used: Promise<ModelUsage>): Promise<void> {
  const usage = await used
  if (usage.inputTokens + usage.outputTokens > 0) tellFailedUse?.(usage)
}

function tellBreaker(admission: Admission | undefined, outcome: CallOutcome): void {
  if (outcome.kind === 'completed') admission?.succeeded()
  else if (outcome.kind === 'failed') admission?.failed(outcome.code)
  else admission?.abandoned()
}

function tellObserver(
  observed: CallObserver,
  { answer, usage, failure }: { answer: AnswerFacts; usage: ModelUsage; failure: ModelError | undefined },
): void {
  observed.response({ id: answer.responseId, model: answer.responseModel })
  if (answer.finishReason !== undefined) observed.finish(answer.finishReason)
  observed.end(usage, failure)
}

function asModelError(thrown: unknown, modelId: string): ModelError {
  if (thrown instanceof ModelError) return thrown
  const message = errorMessage(thrown)
  return new ModelError('upstream_error', `${modelId}: ${message}`, { cause: thrown })
}
