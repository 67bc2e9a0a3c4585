import type { Fused } from './fuse-rankings.ts'

/** The weight of the best passage of the same document, beside a weight of 1 of the passage itself. */
const supportWeight = 0.5

/**
 * Raises the passages of a document that has a good one, because a question is often about a document of which only one passage says so. Scores stay between 0
 * and 1. On anthropic_codebase this raised recall@20 from .910 to .936, and it lost nothing on the other collections (docs/evaluation.md).
 */
export function supportDocuments(hits: Fused[], documentOf: (id: string) => string): (Fused & { support: number })[] {
  const best = new Map<string, number>()
  for (const { id, score } of hits) best.set(documentOf(id), Math.max(score, best.get(documentOf(id)) ?? 0))
  return hits
    .map((hit) => {
      const support = supportWeight * (best.get(documentOf(hit.id)) ?? 0)
      return { ...hit, support: support / (1 + supportWeight), score: (hit.score + support) / (1 + supportWeight) }
    })
    .toSorted((a, b) => b.score - a.score)
}
