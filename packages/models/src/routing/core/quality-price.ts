/**
 * How much better an answer has to be for a model that costs as much as the dearest one, so that answers reach the wanted share of the best model's
 * quality on average and no more is paid than that takes.
 */
export interface QualityPrice {
  /** Points of quality, between 0 (only quality counts) and 2 (only cost does). */
  points(): number
  /** Mean of what the dearest candidate would have cost, in USD; the cost that the points are for. */
  referenceUsd(): number
  /** A decision was made among candidates of which the dearest is expected to cost this. */
  noteCost(dearestUsd: number): void
  /** An answer's outcome, beside what was expected of it and of the best candidate. */
  noteOutcome(outcome: { reward: number; expected: number; bestExpected: number }): void
}

/** Chosen on the tuning split of bench/routing. */
const priceDefaults = { start: 0.15, step: 0.02 }
const pointsMax = 2
/** Costs are averaged over about so many decisions. */
const costMemory = 200

/** For one wanted share of quality: 0.95 stands for 95 % of the best candidate's. */
export function createQualityPrice(minQuality: number, { start, step } = priceDefaults): QualityPrice {
  let points = start
  let reference = 0
  let decisions = 0
  return {
    points: () => points,
    referenceUsd: () => reference,
    noteCost(dearestUsd) {
      decisions = Math.min(costMemory, decisions + 1)
      reference += (dearestUsd - reference) / decisions
    },
    noteOutcome({ reward, expected, bestExpected }) {
      // The outcome alone is right on average and noisy, what was expected is steady and too hopeful of what was chosen for it: half of each.
      const got = (reward + expected) / 2
      points = Math.min(pointsMax, Math.max(0, points - step * (minQuality * bestExpected - got)))
    },
  }
}
