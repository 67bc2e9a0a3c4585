/** How long parts of a search take, as learned from searches before. */
export type PartCosts = {
  /** A first guess until the part was measured. */
  estimateMs(part: string): number
  note(part: string, ms: number): void
}

/** The weight of a new measurement in the average, which so depends on the last ten or so. */
const weight = 0.2

/** After this time half of the difference from the first guess is forgotten, so that a part that was slow once is tried again. */
const halfLifeMs = 60_000

/** Parts that are remembered; each reranker is one. */
const partsMax = 64

/**
 * What parts take on two cores: 25 ms to embed a question with the local model and compare vectors, 100 ms for four further searches, 3 s for a reranker that is
 * a chat model, 300 ms for any other.
 */
function firstGuessMs(part: string): number {
  if (part === 'vectors') return 25
  if (part === 'hops') return 100
  return part.includes('judge/') ? 3_000 : 300
}

/** Keeps for each part an average in which new measurements weigh more, and which returns to the first guess while the part is not used. */
export function createPartCosts(nowMs: () => number): PartCosts {
  const known = new Map<string, { ms: number; atMs: number }>()

  function estimateMs(part: string): number {
    const guess = firstGuessMs(part)
    const measured = known.get(part)
    return measured === undefined ? guess : guess + (measured.ms - guess) * 0.5 ** ((nowMs() - measured.atMs) / halfLifeMs)
  }

  return {
    estimateMs,
    note(part, ms) {
      const average = known.has(part) ? estimateMs(part) * (1 - weight) + ms * weight : ms
      known.delete(part)
      known.set(part, { ms: average, atMs: nowMs() })
      const [oldest] = known.keys()
      if (known.size > partsMax && oldest !== undefined) known.delete(oldest)
    },
  }
}
