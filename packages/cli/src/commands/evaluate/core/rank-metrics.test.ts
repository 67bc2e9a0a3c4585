import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { allFoundAt, averagePrecision, ndcgAt, precisionAt, type Ranked, recallAt, reciprocalRankAt } from './rank-metrics.ts'

const ranked = (ranking: string, grades: Record<string, number>): Ranked => ({
  ranking: ranking.split(' '),
  grades: new Map(Object.entries(grades)),
})

const graded = ranked('x a d c y e b', { a: 3, b: 2, c: 1, d: 0, e: 2 })
const binary = ranked('a x b y w v u t s r c', { a: 1, b: 1, c: 1 })
const late = ranked('n0 n1 n2 n3 n4 n5 n6 n7 n8 n9 z', { z: 1 })
const nothing = ranked('x', { q: 1 })
const perfect = ranked('b a', { a: 1, b: 1 })

describe('the values of trec_eval (pytrec_eval-terrier) come out', () => {
  it.each([
    ['graded', graded, { ndcg3: 0.359719, ndcg10: 0.650421, map: 0.517857, rank: 0.5, r2: 0.25, r10: 1, p10: 0.4 }],
    ['binary', binary, { ndcg3: 0.703918, ndcg10: 0.703918, map: 0.646465, rank: 1, r2: 0.333333, r10: 0.666667, p10: 0.2 }],
    ['late', late, { ndcg3: 0, ndcg10: 0, map: 0.090909, rank: 0, r2: 0, r10: 0, p10: 0 }],
    ['nothing found', nothing, { ndcg3: 0, ndcg10: 0, map: 0, rank: 0, r2: 0, r10: 0, p10: 0 }],
    ['perfect', perfect, { ndcg3: 1, ndcg10: 1, map: 1, rank: 1, r2: 1, r10: 1, p10: 0.2 }],
  ])('for a ranking that is %s', (_, example, expected) => {
    expect(ndcgAt(3, example)).toBeCloseTo(expected.ndcg3, 6)
    expect(ndcgAt(10, example)).toBeCloseTo(expected.ndcg10, 6)
    expect(averagePrecision(example)).toBeCloseTo(expected.map, 6)
    expect(reciprocalRankAt(10, example)).toBeCloseTo(expected.rank, 6)
    expect(recallAt(2, example)).toBeCloseTo(expected.r2, 6)
    expect(recallAt(10, example)).toBeCloseTo(expected.r10, 6)
    expect(precisionAt(10, example)).toBeCloseTo(expected.p10, 6)
  })
})

describe('all found at k', () => {
  it('is 1 only when no relevant document is missing among the first k', () => {
    expect(allFoundAt(6, graded)).toBe(0)
    expect(allFoundAt(7, graded)).toBe(1)
    expect(allFoundAt(10, binary)).toBe(0)
    expect(allFoundAt(11, binary)).toBe(1)
  })

  it('is 0 for a question nothing answers', () => {
    expect(allFoundAt(10, ranked('a', { a: 0 }))).toBe(0)
  })
})

const documents = fc.uniqueArray(fc.stringMatching(/^[a-h]$/), { maxLength: 8 })
const anyRanked = fc.record({
  ranking: documents,
  grades: fc.array(fc.tuple(fc.stringMatching(/^[a-h]$/), fc.integer({ min: -1, max: 3 }))).map((pairs) => new Map(pairs)),
})

describe('whatever was ranked and judged', () => {
  it('keeps every metric between 0 and 1, recall and "all found" rising with k', () => {
    fc.assert(
      fc.property(anyRanked, fc.integer({ min: 1, max: 8 }), (example, k) => {
        const metrics = [ndcgAt, recallAt, precisionAt, reciprocalRankAt, allFoundAt].map((metric) => metric(k, example))
        for (const value of [...metrics, averagePrecision(example)]) {
          expect(value).toBeGreaterThanOrEqual(0)
          expect(value).toBeLessThanOrEqual(1 + 1e-12)
        }
        expect(recallAt(k + 1, example)).toBeGreaterThanOrEqual(recallAt(k, example))
        expect(allFoundAt(k, example)).toBe(Number(recallAt(k, example) === 1))
      }),
    )
  })

  it('never makes nDCG or average precision worse by moving a better document up one place', () => {
    fc.assert(
      fc.property(anyRanked, fc.nat(6), ({ ranking, grades }, place) => {
        const [upper, lower] = [ranking[place], ranking[place + 1]]
        if (upper === undefined || lower === undefined) return
        if ((grades.get(lower) ?? 0) <= Math.max(0, grades.get(upper) ?? 0)) return
        const better = { ranking: ranking.with(place, lower).with(place + 1, upper), grades }
        expect(ndcgAt(8, better)).toBeGreaterThan(ndcgAt(8, { ranking, grades }))
        expect(averagePrecision(better)).toBeGreaterThanOrEqual(averagePrecision({ ranking, grades }))
      }),
    )
  })
})
