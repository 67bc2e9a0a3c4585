import type { Reranker } from '@weft/contracts'

/** The reranker's score of a passage, between 0 and 1, and the passage's rank before (from 1). */
export type RerankShare = { model: string; score: number; before: number }

/** How many passages a reranker reads at least, since it can only bring up what it reads. */
export const rerankedMin = 30

type Asked<T> = {
  query: string
  /** Best first. */
  hits: T[]
  /** The text that the reranker reads of a hit; undefined for one that was deleted meanwhile. */
  textOf(hit: T): string | undefined
  signal: AbortSignal
}

/**
 * The hits in the order of a reranker's scores, which become the hits' scores. Hits that the reranker did not score follow in the order they had, with lower
 * scores than all others. Scores stay between 0 and 1. Throws what the reranker throws.
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
