import type { Price } from '../registry/read-registry.ts'

/** List prices in USD of a million tokens: docs.voyageai.com/docs/pricing and jina.ai/reranker, 2025. Cohere's is by search, not by token. */
const inputUsd = new Map([
  ['voyage/rerank-2.5', 0.05],
  ['voyage/rerank-2.5-lite', 0.02],
  ['voyage/rerank-2', 0.05],
  ['voyage/rerank-2-lite', 0.02],
  ['jina/jina-reranker-v2-base-multilingual', 0.02],
])

/** The price of a reranker; undefined when it is not known, or not by token. */
export function priceOfReranker(id: string): Price | undefined {
  const usd = inputUsd.get(id)
  return usd === undefined ? undefined : { inputUsd: usd, outputUsd: 0 }
}
