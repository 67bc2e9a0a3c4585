/**
 * BM25 scores have no upper bound; clients of OpenAI's API expect 0 to 1. `s / (s + half)` keeps the order, also across stores and queries, and
 * reads as one would expect: {@link halfScore} is a score of .5.
 */
export function normaliseScore(bm25: number): number {
  return bm25 <= 0 ? 0 : bm25 / (bm25 + halfScore)
}

/** Two rare words of the query met in a chunk of average length score about this. */
const halfScore = 10
