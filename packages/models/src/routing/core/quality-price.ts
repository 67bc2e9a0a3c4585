/**
 * How much better a model that costs as much as the dearest one has to be, for answers to reach the wanted share of the best model's quality on average without
 * paying more than that takes.
 */
export interface QualityPrice {
  /** The price in points of quality, from 0 (only quality counts) to 2 (only cost counts). */
  points(): number
  /** The cost that the points stand for: the mean cost of the dearest candidate, in USD. */
  referenceUsd(): number
  /** Notes a decision, by the expected cost of its dearest candidate. */
  noteCost(dearestUsd: number): void
  /** Notes how good an answer was, with what was expected of it and of the best candidate. */
  noteOutcome(outcome: { reward: number; expected: number; bestExpected: number }): void
}

/** Chosen on the tuning split of bench/routing. */
const priceDefaults = { start: 0.15, step: 0.02 }
const pointsMax = 2
/** Costs are averaged over about this many decisions. */
const costMemory = 200

/** The price for one wanted share of quality; 0.95 stands for 95 % of the best candidate's. */
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
      // Half of each: outcomes are right on average but noisy; expectations are steady, but too high, because models are chosen by them.
      const got = (reward + expected) / 2
      points = Math.min(pointsMax, Math.max(0, points - step * (minQuality * bestExpected - got)))
    },
  }
}
