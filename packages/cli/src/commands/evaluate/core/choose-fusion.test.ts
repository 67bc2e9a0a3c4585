import { describe, expect, it } from '@jest/globals'
import { type Candidate, chooseFusion, fusionCandidates } from './choose-fusion.ts'
import { seededRandom } from './seeded-random.ts'

const random = seededRandom(5)
const noise = () => Array.from({ length: 60 }, () => random())

describe('choosing a fusion', () => {
  it('finds the one that is better on every question, and says by how much', () => {
    const baseline = noise()
    const candidates: Candidate[] = [
      { fusion: 'rrf', textWeight: 0.5, values: baseline },
      { fusion: 'min_max', textWeight: 0.4, values: baseline.map((value) => value + 0.1) },
    ]
    const choice = chooseFusion(candidates, baseline, 1)
    expect(choice).toMatchObject({ fusion: 'min_max', textWeight: 0.4 })
    expect(choice.crossValidated.mean).toBeCloseTo(choice.chosenOn.mean)
    expect(choice.difference.mean).toBeCloseTo(0.1)
    expect(choice.difference.low).toBeGreaterThan(0)
  })

  it('promises nothing where only chance tells the candidates apart', () => {
    const choice = chooseFusion(
      fusionCandidates.map((fusion) => ({ ...fusion, values: noise() })),
      noise(),
      1,
    )
    expect(choice.crossValidated.mean).toBeLessThan(choice.chosenOn.mean)
    expect(choice.difference.low).toBeLessThan(0)
    expect(choice.difference.high).toBeGreaterThan(0)
  })

  it('takes the first of equals: reciprocal ranks with equal weights', () => {
    const values = noise()
    const choice = chooseFusion(
      fusionCandidates.map((fusion) => ({ ...fusion, values })),
      values,
      1,
    )
    expect(choice).toMatchObject({ fusion: 'rrf', textWeight: 0.5, difference: { mean: 0, low: 0, high: 0 } })
  })
})
