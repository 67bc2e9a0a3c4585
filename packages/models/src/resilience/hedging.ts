/**
 * Decides when a second attempt is made beside a first one that is slow (J. Dean, L. A. Barroso, The Tail at Scale, CACM 2013: it costs little when it is made late
 * and seldom).
 */
export interface Hedging {
  /** How long this model is waited for: as long as 95 % of its answers took to begin. Undefined until that is known. */
  waitMsOf(modelId: string): number | undefined
  /** Notes how long after it was asked for an answer of this model began. */
  answered(modelId: string, firstMs: number): void
  /** Notes that this model had not begun after `waitedMs`, when another one did. Otherwise slow answers would never be counted. */
  outlasted(modelId: string, waitedMs: number): void
  /** Whether a second attempt may be made now. There is one for every ten answers, so that a provider that is slow for all is not asked twice by all. */
  spend(): boolean
}

const quantile = 0.95
/** With fewer samples the slowest twentieth is not known. */
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
