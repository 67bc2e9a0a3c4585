/**
 * When a second attempt is made beside a first one that is slow. The idea, and that it costs little when it is made late and seldom: J. Dean, L. A.
 * Barroso, The Tail at Scale, CACM 2013.
 */
export interface Hedging {
  /** How long this model is waited for: as long as 19 of its last 20 answers took to begin. Undefined until that is known. */
  waitMsOf(modelId: string): number | undefined
  /** An answer of this model began so long after it was asked for. */
  answered(modelId: string, firstMs: number): void
  /** This model had not begun after so long, when another one did: without it, what is slow would never be seen. */
  outlasted(modelId: string, waitedMs: number): void
  /** Whether a second attempt may be made now: one for ten answers, so that a provider that is slow for all is not asked twice by all. */
  spend(): boolean
}

const quantile = 0.95
/** Fewer say nothing of a twentieth. */
const samplesMin = 20
const samplesMax = 128
const modelsMax = 1_000
const earnedByAnswer = 0.1
const savedMax = 10

/** What this process has seen of models, for hedging. */
export function createHedging(): Hedging {
  const samples = new Map<string, number[]>()
  let saved = 1

  function note(modelId: string, ms: number): void {
    const seen = samples.get(modelId) ?? []
    samples.delete(modelId)
    samples.set(modelId, [...seen, ms].slice(-samplesMax))
    const [oldest] = samples.keys()
    if (samples.size > modelsMax && oldest !== undefined) samples.delete(oldest)
  }

  return {
    waitMsOf(modelId) {
      const seen = samples.get(modelId) ?? []
      if (seen.length < samplesMin) return undefined
      return seen.toSorted((a, b) => a - b)[Math.floor(quantile * seen.length)]
    },
    answered(modelId, firstMs) {
      saved = Math.min(savedMax, saved + earnedByAnswer)
      note(modelId, firstMs)
    },
    outlasted: note,
    spend() {
      if (saved < 1) return false
      saved -= 1
      return true
    },
  }
}
