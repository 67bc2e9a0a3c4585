/** How long parts of a search take, as learned from searches before. */
export type PartCosts = {
  /** A first guess until the part was measured. */
  estimateMs(part: string): number
  note(part: string, ms: number): void
}

/** What a new measurement counts: the last ten or so say what is usual. */
const weight = 0.2

/** After so long half of what a measurement differs from the first guess is forgotten: what was slow once is tried again. */
const halfLifeMs = 60_000

/** Parts that are remembered; each reranker is one. */
const partsMax = 64

/** Before anything was measured, on two cores: a question embedded by the local model and compared, four searches more, a provider's answer, a chat model's. */
function firstGuessMs(part: string): number {
  if (part === 'vectors') return 25
  if (part === 'hops') return 100
  return part.includes('judge/') ? 3_000 : 300
}

/** An average that weighs what is new more, for each part; it fades to the first guess while the part is not measured. */
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
