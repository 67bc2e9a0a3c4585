import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { estimateDifference, estimateMean } from './bootstrap.ts'
import { seededRandom } from './seeded-random.ts'

const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 })

describe('a bootstrap interval', () => {
  it('is the same for the same seed, and lies within the values', () => {
    fc.assert(
      fc.property(values, fc.nat(), (sample, seed) => {
        const estimate = estimateMean(sample, seed)
        expect(estimateMean(sample, seed)).toEqual(estimate)
        expect(estimate.low).toBeLessThanOrEqual(estimate.high)
        expect(estimate.low).toBeGreaterThanOrEqual(Math.min(...sample) - 1e-9)
        expect(estimate.high).toBeLessThanOrEqual(Math.max(...sample) + 1e-9)
      }),
      { numRuns: 30 },
    )
  })

  it('is as wide as the normal approximation says for many values', () => {
    const sample = Array.from({ length: 400 }, (_, index) => index % 2)
    // Standard error of a share of one half over 400: 0.025; 1.96 of them each way.
    const { mean, low, high } = estimateMean(sample, 1)
    expect(mean).toBe(0.5)
    expect(low).toBeCloseTo(0.451, 2)
    expect(high).toBeCloseTo(0.549, 2)
  })

  it('holds the true mean of about 95 of 100 samples', () => {
    const random = seededRandom(7)
    const holding = Array.from({ length: 100 }, (_, seed) => {
      const { low, high } = estimateMean(
        Array.from({ length: 40 }, () => random() ** 2),
        seed,
      )
      return low <= 1 / 3 && 1 / 3 <= high
    }).filter(Boolean).length
    expect(holding).toBeGreaterThan(88)
    expect(holding).toBeLessThan(100)
  })

  it('is a point when all values are the same', () => {
    expect(estimateMean([0.25, 0.25, 0.25], 1)).toEqual({ mean: 0.25, low: 0.25, high: 0.25, count: 3 })
  })
})

describe('the difference of two settings', () => {
  it('is told apart by pairs where the settings alone overlap', () => {
    const random = seededRandom(3)
    const baseline = Array.from({ length: 100 }, () => random() * 0.9)
    const better = baseline.map((value) => value + 0.02 + random() * 0.02)
    expect(estimateMean(better, 1).low).toBeLessThan(estimateMean(baseline, 1).high)
    expect(estimateDifference(better, baseline, 1).low).toBeGreaterThan(0)
  })

  it('is nothing between a setting and itself', () => {
    expect(estimateDifference([0.1, 0.9], [0.1, 0.9], 1)).toEqual({ mean: 0, low: 0, high: 0, count: 2 })
  })
})
