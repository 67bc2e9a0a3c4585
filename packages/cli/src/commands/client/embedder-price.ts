/** List prices in USD of a million tokens: platform.openai.com/docs/pricing and docs.voyageai.com/docs/pricing, 2026. */
const usdPerMillionTokens = new Map([
  ['openai/text-embedding-3-small', 0.02],
  ['openai/text-embedding-3-large', 0.13],
  ['openai/text-embedding-ada-002', 0.1],
  ['voyage/voyage-4-large', 0.12],
  ['voyage/voyage-4', 0.06],
  ['voyage/voyage-4-lite', 0.02],
  ['voyage/voyage-finance-2', 0.12],
  ['voyage/voyage-law-2', 0.12],
  ['voyage/voyage-3-large', 0.18],
  ['voyage/voyage-3.5', 0.06],
  ['voyage/voyage-3.5-lite', 0.02],
  ['voyage/voyage-code-3', 0.18],
])

/** What embedding costs with the embedder of a mesh, by its WEFT_EMBEDDER: nothing with the local one and with none; undefined when its price is not known. */
export function embeddingCostUsd(embedder: string | undefined, tokens: number): number | undefined {
  if (embedder === undefined || embedder === 'off' || embedder.startsWith('local/')) return 0
  const price = usdPerMillionTokens.get(embedder)
  return price === undefined ? undefined : (tokens / 1_000_000) * price
}
