import { strict as assert } from 'node:assert'
import { seededRandom } from './seeded-random.ts'

/** A mean over questions, with its 95 % confidence interval. */
export type Estimate = { mean: number; low: number; high: number; count: number }

const resamples = 2_000
const tail = 0.025

/**
 * The mean of the values of questions, with its percentile bootstrap interval (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, §13.3). The same values and
 * seed give the same interval. There must be at least one value.
 */
export function estimateMean(values: readonly number[], seed: number): Estimate {
  assert(values.length > 0, 'a mean needs a value')
  const means = resampledMeans(values, seed)
  return {
    mean: meanOf(values),
    low: means[Math.floor(resamples * tail)] ?? 0,
    high: means[Math.ceil(resamples * (1 - tail)) - 1] ?? 0,
    count: values.length,
  }
}

/**
 * How much better `values` are than `baseline`, question by question (paired bootstrap). When the interval contains 0, the questions do not tell the two
 * apart.
 */
export function estimateDifference(values: readonly number[], baseline: readonly number[], seed: number): Estimate {
  assert(values.length === baseline.length, 'both answer the same questions')
  return estimateMean(
    values.map((value, index) => value - (baseline[index] ?? 0)),
    seed,
  )
}

function resampledMeans(values: readonly number[], seed: number): Float64Array {
  const random = seededRandom(seed)
  const means = new Float64Array(resamples)
  for (let resample = 0; resample < resamples; resample += 1) {
    let sum = 0
    for (let drawn = 0; drawn < values.length; drawn += 1) sum += values[Math.floor(random() * values.length)] ?? 0
    means[resample] = sum / values.length
  }
  return means.sort()
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
