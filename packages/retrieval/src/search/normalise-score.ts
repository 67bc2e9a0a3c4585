import type { Fused } from './fuse-rankings.ts'

/** How relevant a passage is by its words or by its vectors alone, whichever is more; between 0 and 1. */
export function relevanceOf({ legs }: Pick<Fused, 'legs'>): number {
  return Math.max(normaliseScore(legs.bm25?.score ?? 0), normaliseCosine(legs.vector?.score ?? 0))
}

/**
 * BM25 scores have no upper bound; clients of OpenAI's API expect 0 to 1. `s / (s + half)` keeps the order, also across stores and queries, and
 * reads as one would expect: {@link halfScore} is a score of .5.
 */
function normaliseScore(bm25: number): number {
  return bm25 <= 0 ? 0 : bm25 / (bm25 + halfScore)
}

/** Two rare words of the query met in a chunk of average length score about this. */
const halfScore = 10

/** Texts that have nothing to do with each other have a cosine of about .1 with all-MiniLM-L6-v2, a question and its answer of .5 to .7. */
function normaliseCosine(cosine: number): number {
  return Math.min(1, Math.max(0, (cosine - unrelatedCosine) / (sameCosine - unrelatedCosine)))
}

const unrelatedCosine = 0.15
const sameCosine = 0.85
