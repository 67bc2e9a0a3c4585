import type { Fused } from './fuse-rankings.ts'

/** A passage that a second search went on from, and what that found. */
export type Hop = { from: Fused; terms: string[]; hits: Fused[] }

/** The weight of the second search beside a weight of 1 of the first. A larger one finds more of all the passages needed, but pushes the first one down. */
const hopWeight = 1.5

export type Chained<T> = T & { via?: { from: string; terms: string[]; score: number } }

/**
 * Joins the ranking of a search with those of the second searches that went on from its best passages. A passage gains by the best chain that leads to it: the
 * score of the passage the chain begins with, times the passage's own score in the second search, scaled between that search's lowest and highest. Scores stay
 * between 0 and 1.
 */
export function chainHops<T extends Fused>(first: T[], hops: Hop[], added: (hit: Fused) => T): Chained<T>[] {
  const known = new Map(first.map((hit) => [hit.id, hit]))
  const best = new Map<string, { from: string; terms: string[]; score: number }>()
  for (const { from, terms, hits } of hops) {
    const further = hits.filter(({ id }) => id !== from.id)
    const largest = Math.max(...further.map((hit) => hit.score))
    const least = Math.min(...further.map((hit) => hit.score))
    for (const hit of further) {
      if (!known.has(hit.id)) known.set(hit.id, added({ ...hit, score: 0, legs: {} }))
      const score = from.score * (largest > least ? (hit.score - least) / (largest - least) : 1)
      if (score > (best.get(hit.id)?.score ?? 0)) best.set(hit.id, { from: from.id, terms, score })
    }
  }
  return [...known.values()]
    .map((hit) => {
      const via = best.get(hit.id)
      const score = (hit.score + hopWeight * (via?.score ?? 0)) / (1 + hopWeight)
      return via === undefined ? { ...hit, score } : { ...hit, score, via }
    })
    .toSorted((a, b) => b.score - a.score)
}
