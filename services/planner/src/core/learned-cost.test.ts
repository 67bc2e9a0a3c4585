import { describe, expect, it } from '@jest/globals'
import { learnCost, type PastRun } from './learned-cost.ts'

const retrieve = { stepId: 'r', agent: 'rag', capability: 'retrieve', params: {}, dependsOn: [], parallel: false }
const answer = { ...retrieve, stepId: 'a', capability: 'answer' }

/** Skewed, as tokens are; the same for the same seed. */
function skewed(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return Math.exp(3 * (state / 2_147_483_647))
  }
}

function runs(count: number, cost: () => number): PastRun[] {
  return Array.from({ length: count }, () => {
    const costUsd = cost()
    // A long question makes both steps dear.
    return { steps: [retrieve, answer].map((step) => ({ ...step, costUsd })) }
  })
}

describe('the range of what a plan will cost', () => {
  it('holds about eight of ten runs that it has not seen, whatever their distribution', () => {
    const cost = skewed(7)
    const range = learnCost({ steps: [retrieve, answer] }, runs(400, cost))
    const unseen = runs(2_000, cost).map(({ steps }) => steps.reduce((sum, { costUsd }) => sum + costUsd, 0))
    const held = unseen.filter((total) => range !== undefined && total >= range.low && total <= range.high).length
    expect(held / unseen.length).toBeGreaterThan(0.75)
    expect(held / unseen.length).toBeLessThan(0.85)
    expect(range?.expected).toBeGreaterThan(range?.low ?? 0)
  })

  it('is put together from steps where no plan did the same, and always the same way', () => {
    const known = runs(50, skewed(3))
    const range = learnCost({ steps: [retrieve, retrieve, answer] }, known)
    expect(range).toEqual(learnCost({ steps: [retrieve, retrieve, answer] }, known))
    expect(range?.low).toBeGreaterThan(3)
    expect(range?.high).toBeLessThan(3 * Math.exp(3))
  })

  it.each([
    ['direct plans', [answer], 1, 1],
    ['plans that were run before', [retrieve, answer], 2, 2],
    ['plans put together from steps', [retrieve, retrieve, answer], 2, 3],
  ])('is neither too high nor too low on average, for %s', (_kind, steps, stepsOfRuns, stepsOfPlan) => {
    const means = Array.from({ length: 300 }, (_, history) => {
      const known = runs(40, skewed(1_000 + 7_919 * history)).map((run) => ({ steps: run.steps.slice(-stepsOfRuns) }))
      return learnCost({ steps }, known)?.expected ?? 0
    })
    // The mean of exp(3u), for u between 0 and 1.
    const trueMean = (stepsOfPlan * (Math.exp(3) - 1)) / 3
    const mean = means.reduce((sum, each) => sum + each, 0) / means.length
    expect(mean / trueMean).toBeGreaterThan(0.97)
    expect(mean / trueMean).toBeLessThan(1.03)
  })

  it('is none where too few runs are known', () => {
    expect(
      learnCost(
        { steps: [answer] },
        runs(29, () => 1),
      ),
    ).toBeUndefined()
    expect(
      learnCost(
        { steps: [{ ...answer, capability: 'other' }] },
        runs(100, () => 1),
      ),
    ).toBeUndefined()
  })
})
