import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { defaultFusion, fuseRankings, fusionMethods, type Legs, textWeightFor } from './fuse-rankings.ts'
import { supportDocuments } from './support-documents.ts'

const legs: Legs = {
  bm25: [
    { id: '1', score: 20 },
    { id: '2', score: 10 },
  ],
  vector: [
    { id: '3', score: 0.8 },
    { id: '2', score: 0.6 },
    { id: '4', score: 0.4 },
  ],
}

describe('fusing words and vectors', () => {
  it('adds scores relative to what they may be, and counts the least vector for what has none', () => {
    const fused = fuseRankings(legs, { method: 'min_max', textWeight: 0.5, queryWords: 4 })
    expect(fused.map(({ id }) => id)).toEqual(['1', '2', '3', '4'])
    expect(fused.map(({ score }) => score)).toEqual([0.75, 0.625, 0.5, 0.25].map((score) => expect.closeTo(score, 6)))
  })

  it('says what each leg gave', () => {
    const second = fuseRankings(legs, { method: 'min_max', textWeight: 0.5, queryWords: 4 }).find(({ id }) => id === '2')
    expect(second?.legs).toEqual({
      bm25: { rank: 2, score: 10, share: 0.25 },
      vector: { rank: 2, score: 0.6, share: expect.closeTo(0.375, 6) },
    })
  })

  it('goes nearly by words alone where the model of the vectors does not know the language of the question', () => {
    expect([0.29, 0].map((known) => textWeightFor('Когда построен мост?', known))).toEqual([0.9, 0.9])
    const usual = [undefined, 1, 0.3].map((known) => textWeightFor('Wann wurde die Brücke gebaut?', known))
    expect([...usual, textWeightFor('Mitochondria are uninvolved in apoptosis.', 0)]).toEqual(
      Array(4).fill(defaultFusion.textWeight),
    )
  })

  it('adds inverse ranks by reciprocal rank fusion', () => {
    const fused = fuseRankings(legs, { method: 'rrf', textWeight: 0.5, queryWords: 4 })
    expect(fused[0]).toMatchObject({ id: '2', score: expect.closeTo(61 / 62, 6) })
  })

  it('is the ranking of one leg when the other found nothing, or does not count', () => {
    for (const method of fusionMethods) {
      const words = fuseRankings({ bm25: legs.bm25, vector: [] }, { method, textWeight: 0.4, queryWords: 4 })
      expect(words.map(({ id }) => id)).toEqual(['1', '2'])
      const vectors = fuseRankings({ bm25: [], vector: legs.vector }, { method, textWeight: 0, queryWords: 4 })
      expect(vectors.map(({ id }) => id)).toEqual(['3', '2', '4'])
    }
  })

  it('keeps scores between 0 and 1, best first, each found place once', () => {
    const leg = fc
      .uniqueArray(fc.record({ id: fc.nat(50).map(String), score: fc.double({ min: 0.001, max: 100, noNaN: true }) }), {
        selector: ({ id }) => id,
      })
      .map((found) => found.toSorted((a, b) => b.score - a.score))
    fc.assert(
      fc.property(
        leg,
        leg,
        fc.constantFrom(...fusionMethods),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (bm25, vector, method, textWeight) => {
          const fused = supportDocuments(
            fuseRankings({ bm25, vector }, { method, textWeight, queryWords: 4 }),
            (id) => `file ${Number(id) % 5}`,
          )
          expect(new Set(fused.map(({ id }) => id))).toEqual(new Set([...bm25, ...vector].map(({ id }) => id)))
          expect(fused).toHaveLength(new Set([...bm25, ...vector].map(({ id }) => id)).size)
          for (const [index, { score }] of fused.entries()) {
            expect(score).toBeGreaterThanOrEqual(0)
            expect(score).toBeLessThanOrEqual(1 + 1e-9)
            expect(score).toBeLessThanOrEqual((fused[index - 1]?.score ?? 1) + 1e-9)
          }
        },
      ),
    )
  })
})

describe('support of documents', () => {
  it('lets a passage rise whose document has a better one', () => {
    const hits = fuseRankings(
      {
        bm25: [
          { id: '1', score: 10 },
          { id: '2', score: 5 },
          { id: '3', score: 4 },
        ],
        vector: [],
      },
      { method: 'min_max', textWeight: 1, queryWords: 2 },
    )
    const supported = supportDocuments(hits, (id) => (id === '2' ? 'b' : 'a'))
    expect(supported.map(({ id }) => id)).toEqual(['1', '3', '2'])
    expect(supported[0]?.score).toBeCloseTo(1)
  })
})
