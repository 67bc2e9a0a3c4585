import type { Price } from '../read-registry.ts'

/** List prices in USD of a million tokens, of models that the registry does not have: docs.voyageai.com/docs/pricing, 2025. */
const inputUsd = new Map([
  ['voyage/voyage-3-large', 0.18],
  ['voyage/voyage-3.5', 0.06],
  ['voyage/voyage-3.5-lite', 0.02],
  ['voyage/voyage-3', 0.06],
  ['voyage/voyage-3-lite', 0.02],
  ['voyage/voyage-code-3', 0.18],
])

/** Undefined where the price is not known. */
export function priceOfEmbedder(id: string): Price | undefined {
  const usd = inputUsd.get(id)
  return usd === undefined ? undefined : { inputUsd: usd, outputUsd: 0 }
}
