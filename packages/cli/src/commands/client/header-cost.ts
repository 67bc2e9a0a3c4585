import type { TokenPrice } from './model-price.ts'

/** The mesh's WEFT_CONTEXT_MODEL, with its price in USD per million tokens, if that is known. */
export type ContextModel = { model: string; price?: TokenPrice | undefined }

/** Tokens that are `read`, `reread` from the provider's cache of a document, and `written`. */
export type HeaderTokens = { read: number; reread: number; written: number }

/** How the mesh cuts files and shows them to the model: passages of at most 1,200 letters, and 25,000 tokens of a document at once. */
const passageTokens = 275
const shownTokensMax = 25_000
/** The tokens of the instructions around a passage. */
const promptTokens = 200
/** The tokens of a header: 50 to 100, by Anthropic's report on contextual retrieval (anthropic.com/news/contextual-retrieval, 2024). */
const headerTokens = 75

/** Adds the tokens for the headers of another file, if none of them is known yet. */
export function addHeaders(sum: HeaderTokens, fileTokens: number): void {
  const passages = Math.ceil(fileTokens / passageTokens)
  const shown = Math.min(fileTokens, shownTokensMax)
  const stretches = fileTokens <= shownTokensMax ? Math.min(1, passages) : Math.ceil(fileTokens / (shownTokensMax / 2))
  sum.read += stretches * shown + passages * (passageTokens + promptTokens)
  sum.reread += (passages - stretches) * shown
  sum.written += passages * headerTokens
}

/** The cost in USD; undefined without a price. */
export function headersCostUsd({ read, reread, written }: HeaderTokens, price: TokenPrice | undefined): number | undefined {
  if (price === undefined) return undefined
  return (read * price.input + reread * (price.cachedInput ?? price.input) + written * price.output) / 1_000_000
}
