import type { TokenPrice } from './model-price.ts'

/** The mesh's WEFT_CONTEXT_MODEL, and what it costs in USD a million tokens; no price where none is known. */
export type ContextModel = { model: string; price?: TokenPrice | undefined }

/** `read` anew, `reread` as what the provider keeps of a document, and `written`. */
export type HeaderTokens = { read: number; reread: number; written: number }

/** As the mesh cuts files and shows them: passages of 1,200 letters at most, and 25,000 tokens of a document at once. */
const passageTokens = 275
const shownTokensMax = 25_000
/** Instructions around a passage. */
const promptTokens = 200
/** As Anthropic reports of contextual retrieval: 50 to 100 tokens (anthropic.com/news/contextual-retrieval, 2024). */
const headerTokens = 75

/** What the headers of one more file take, if nothing of it is known yet. */
export function addHeaders(sum: HeaderTokens, fileTokens: number): void {
  const passages = Math.ceil(fileTokens / passageTokens)
  const shown = Math.min(fileTokens, shownTokensMax)
  const stretches = fileTokens <= shownTokensMax ? Math.min(1, passages) : Math.ceil(fileTokens / (shownTokensMax / 2))
  sum.read += stretches * shown + passages * (passageTokens + promptTokens)
  sum.reread += (passages - stretches) * shown
  sum.written += passages * headerTokens
}

/** Undefined without a price. */
export function headersCostUsd({ read, reread, written }: HeaderTokens, price: TokenPrice | undefined): number | undefined {
  if (price === undefined) return undefined
  return (read * price.input + reread * (price.cachedInput ?? price.input) + written * price.output) / 1_000_000
}
