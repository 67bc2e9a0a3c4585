import type { Reranker } from '@weft/contracts'

/** What the reranker said of a passage, and at which rank it stood before. */
export type RerankShare = { model: string; score: number; before: number }

/** Passages a reranker reads at least: it may only bring up what it sees. Anthropic's contextual retrieval reads more for less. */
export const rerankedMin = 30

type Asked<T> = {
  query: string
  /** Best first. */
  hits: T[]
  /** What is read of a hit; of some nothing is known any more. */
  textOf(hit: T): string | undefined
  signal: AbortSignal
}

/**
 * The hits in the order of a reranker's scores, which become theirs; those it said nothing about follow in the order they had, below all others. Scores
 * stay between 0 and 1. Throws what the reranker throws.
 */
export async function rerankHits<T extends { score: number }>(
  reranker: Reranker,
  { query, hits, textOf, signal }: Asked<T>,
): Promise<(T & { rerank?: RerankShare })[]> {
  const read = hits.flatMap((hit, index) => {
    const text = textOf(hit)
    return text === undefined ? [] : [{ hit, text, before: index + 1 }]
  })
  const scores = await reranker.rerank({ query, documents: read.map(({ text }) => text), signal })
  const scored = new Map<T, RerankShare>()
  for (const [index, { hit, before }] of read.entries()) {
    const score = scores[index]
    if (score !== undefined) scored.set(hit, { model: reranker.id, score: Math.min(1, Math.max(0, score)), before })
  }
  const first = hits
    .flatMap((hit) => {
      const rerank = scored.get(hit)
      return rerank === undefined ? [] : [{ ...hit, score: rerank.score, rerank }]
    })
    .toSorted((a, b) => b.score - a.score)
  const least = first.at(-1)?.score ?? 1
  const rest = hits.filter((hit) => !scored.has(hit)).map((hit) => ({ ...hit, score: hit.score * least }))
  return [...first, ...rest]
}
