import { nanoUsdAtLeast } from './nano-usd.ts'

interface Rate {
  inputUsd: number
  outputUsd: number
  cacheWriteUsd?: number | undefined
  reasoningUsd?: number | undefined
}

/** The facts of a call that bound its cost. Prices are in USD per million tokens. */
export interface BoundedCall {
  kind: 'chat' | 'embedding' | 'rerank'
  model: {
    price?: (Rate & { long?: Rate | undefined }) | undefined
    contextTokens?: number | undefined
    outputTokensMax?: number | undefined
  }
  /** No tokenizer makes more tokens of a text than it has bytes. */
  inputBytes: number
  /** Tokens that the bytes do not bound: an image may make more tokens than it has bytes, and one that is named by its address has hardly any bytes. */
  mediaTokens?: number | undefined
  /** The longest each answer may get by the request; the model's own bound holds besides. */
  outputTokensMax?: number | undefined
  answers: number
}

const million = 1_000_000
/** Taken as the longest answer of a model whose registry entry names no bound. */
const outputTokensUnbounded = 131_072

/** What a call costs at most, in billionths of a US dollar; undefined for a model without a price. */
export function worstCaseNano(call: BoundedCall, outputTokens = outputTokensOf(call)): number | undefined {
  const rate = highestRate(call)
  if (rate === undefined) return undefined
  const usd = inputTokensOf(call) * rate.inputUsd + call.answers * outputTokens * rate.outputUsd
  return nanoUsdAtLeast(usd / million)
}

/** An answer shorter than this would say nothing, so it is not worth its call. */
const outputTokensMin = 64

/** How long each answer may get, in tokens, for the call to cost at most `limitNano`; undefined when that is too short to say anything. */
export function outputTokensWithin(call: BoundedCall, limitNano: number): number | undefined {
  const rate = highestRate(call)
  const inputNano = worstCaseNano(call, 0)
  if (rate === undefined || inputNano === undefined || inputNano > limitNano) return undefined
  const each = nanoUsdAtLeast((rate.outputUsd * call.answers) / million)
  const tokens = each === 0 ? outputTokensOf(call) : Math.min(outputTokensOf(call), Math.floor((limitNano - inputNano) / each))
  return tokens < Math.min(outputTokensMin, outputTokensOf(call)) ? undefined : tokens
}

function outputTokensOf({ kind, model, outputTokensMax }: BoundedCall): number {
  if (kind !== 'chat') return 0
  const own = model.outputTokensMax ?? model.contextTokens ?? outputTokensUnbounded
  return Math.min(outputTokensMax ?? own, own)
}

/** For embeddings, each text of a request may fill the model's whole context. */
function inputTokensOf({ kind, inputBytes, mediaTokens = 0, model, answers }: BoundedCall): number {
  const inputs = kind === 'chat' ? 1 : answers
  const sent = inputBytes + mediaTokens
  return Math.min(sent, model.contextTokens === undefined ? sent : inputs * model.contextTokens)
}

/** The highest rates that may apply. A long input, what is written into a cache, and thoughts may have rates of their own, and how many tokens they are is known only afterwards. */
function highestRate({ model: { price } }: BoundedCall): Pick<Rate, 'inputUsd' | 'outputUsd'> | undefined {
  if (price === undefined) return undefined
  const { long = price } = price
  const inputs = [price, long].flatMap(({ inputUsd, cacheWriteUsd = 0 }) => [inputUsd, cacheWriteUsd])
  const outputs = [price, long].flatMap(({ outputUsd, reasoningUsd = 0 }) => [outputUsd, reasoningUsd])
  return { inputUsd: Math.max(...inputs), outputUsd: Math.max(...outputs) }
}
