import { nanoUsdAtLeast } from './nano-usd.ts'

interface Rate {
  inputUsd: number
  outputUsd: number
  cacheWriteUsd?: number | undefined
  reasoningUsd?: number | undefined
}

/** What bounds the cost of a call. Prices are USD per million tokens. */
export interface BoundedCall {
  kind: 'chat' | 'embedding' | 'rerank'
  model: {
    price?: (Rate & { long?: Rate | undefined }) | undefined
    contextTokens?: number | undefined
    outputTokensMax?: number | undefined
  }
  /** No tokenizer makes more tokens of a text than it has bytes. */
  inputBytes: number
  /** Tokens besides: an image may have more than bytes, and one by its address has next to no bytes. */
  mediaTokens?: number | undefined
  /** As the request bounds each answer; the model’s own bound holds too. */
  outputTokensMax?: number | undefined
  answers: number
}

const million = 1_000_000
/** Of a model that nobody has bounded. */
const outputTokensUnbounded = 131_072

/** What a call costs at most, in billionths of a US dollar; undefined for a model without a price. */
export function worstCaseNano(call: BoundedCall, outputTokens = outputTokensOf(call)): number | undefined {
  const rate = highestRate(call)
  if (rate === undefined) return undefined
  const usd = inputTokensOf(call) * rate.inputUsd + call.answers * outputTokens * rate.outputUsd
  return nanoUsdAtLeast(usd / million)
}

/** A shorter answer says nothing. */
const outputTokensMin = 64

/** How long each answer may get for the call to cost no more than this; undefined when that is too little to say something. */
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

/** Each text of a request for embeddings has the model's whole context. */
function inputTokensOf({ kind, inputBytes, mediaTokens = 0, model, answers }: BoundedCall): number {
  const inputs = kind === 'chat' ? 1 : answers
  const sent = inputBytes + mediaTokens
  return Math.min(sent, model.contextTokens === undefined ? sent : inputs * model.contextTokens)
}

/** A long input may be billed at other rates as a whole, and so may what is written into a cache or thought; how much that is, is known only afterwards. */
function highestRate({ model: { price } }: BoundedCall): Pick<Rate, 'inputUsd' | 'outputUsd'> | undefined {
  if (price === undefined) return undefined
  const { long = price } = price
  const inputs = [price, long].flatMap(({ inputUsd, cacheWriteUsd = 0 }) => [inputUsd, cacheWriteUsd])
  const outputs = [price, long].flatMap(({ outputUsd, reasoningUsd = 0 }) => [outputUsd, reasoningUsd])
  return { inputUsd: Math.max(...inputs), outputUsd: Math.max(...outputs) }
}
