import type { ModelError } from '../model-error.ts'
import type { ModelUsage, TokenCounts } from '../model-event.ts'
import type { ModelInfo } from '../registry/catalog.ts'
import type { Price } from '../registry/read-registry.ts'
import { estimateTokens } from './estimate-tokens.ts'

const million = 1_000_000

/** What a call costs in USD; 0 without a price. As providers do it, a call with a long input is billed entirely at the rates for long input. */
export function priceTokens(price: Price | undefined, tokens: TokenCounts): number {
  if (price === undefined) return 0
  const rate = price.long !== undefined && tokens.inputTokens > price.long.aboveInputTokens ? price.long : price
  const cached = Math.min(tokens.cachedInputTokens ?? 0, tokens.inputTokens)
  const written = Math.min(tokens.cacheWriteTokens ?? 0, tokens.inputTokens - cached)
  const fresh = tokens.inputTokens - cached - written
  const thought = Math.min(tokens.reasoningTokens ?? 0, tokens.outputTokens)
  const usd =
    fresh * rate.inputUsd +
    cached * (rate.cachedInputUsd ?? rate.inputUsd) +
    written * (rate.cacheWriteUsd ?? rate.inputUsd) +
    (tokens.outputTokens - thought) * rate.outputUsd +
    thought * (rate.reasoningUsd ?? rate.outputUsd)
  return usd / million
}

/** The usage of a call, as the provider counted it, or else as estimated. */
export function usageOf(model: ModelInfo, tokens: TokenCounts | undefined, estimate: () => TokenCounts): ModelUsage {
  const counts = tokens ?? estimate()
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens } = counts
  const costUsd = priceTokens(model.price, counts)
  return {
    inputTokens,
    outputTokens,
    ...(cachedInputTokens === undefined ? {} : { cachedInputTokens }),
    ...(cacheWriteTokens === undefined ? {} : { cacheWriteTokens }),
    ...(reasoningTokens === undefined ? {} : { reasoningTokens }),
    costUsd,
    measured: tokens !== undefined,
    priceKnown: model.priceKnown,
  }
}

/** What is known of a call whose tokens the provider did not count. */
interface UncountedTokens {
  inputTokens: () => number
  outputChars: number
  failure?: ModelError | undefined
}

/** Estimates the tokens of a call: none for one that was refused or never arrived, the input and what came for one that broke off. */
export function estimateTokensOf(call: UncountedTokens): TokenCounts {
  return { inputTokens: wasPaid(call) ? call.inputTokens() : 0, outputTokens: estimateTokens(call.outputChars) }
}

/** Whether a call has to be paid. A call that timed out or was cancelled after it was sent may have been worked on, so it counts as paid. */
export function wasPaid({ failure, outputChars }: UncountedTokens): boolean {
  const isUnknown = failure?.code === 'timeout' || failure?.code === 'cancelled'
  return failure === undefined || outputChars > 0 || (isUnknown && failure.wasSent)
}
