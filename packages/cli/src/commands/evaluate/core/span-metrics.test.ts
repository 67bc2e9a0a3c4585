import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type Span, scoreSpans } from './span-metrics.ts'

const span = (start: number, end: number, document = 'd'): Span => ({ document, start, end })

describe('marked spans against retrieved chunks', () => {
  it('gives the scores computed by hand', () => {
    // Marked 20…40 and 90…100: 30 characters; retrieved 0…30 and 50…60: 40, of which 10 are marked.
    const scores = scoreSpans([span(0, 30), span(50, 60)], [span(20, 40), span(90, 100)])
    expect(scores.recall).toBeCloseTo(10 / 30)
    expect(scores.precision).toBeCloseTo(10 / 40)
    expect(scores.iou).toBeCloseTo(10 / 60)
    expect(scores.iouTouching).toBeCloseTo(10 / 50)
  })

  it('counts text that chunks share, or spans share, once', () => {
    const scores = scoreSpans([span(0, 30), span(20, 50)], [span(10, 40), span(30, 40)])
    expect(scores).toEqual({ recall: 1, precision: 30 / 50, iou: 30 / 50, iouTouching: 30 / 50 })
  })

  it('finds nothing at the same offsets of another document', () => {
    expect(scoreSpans([span(0, 30, 'other')], [span(0, 30)])).toEqual({ recall: 0, precision: 0, iou: 0, iouTouching: 0 })
  })

  it('does not take a chunk that ends where a span begins for a hit', () => {
    expect(scoreSpans([span(0, 10)], [span(10, 20)])).toEqual({ recall: 0, precision: 0, iou: 0, iouTouching: 0 })
  })

  it('is 0 when nothing was retrieved', () => {
    expect(scoreSpans([], [span(0, 30)])).toEqual({ recall: 0, precision: 0, iou: 0, iouTouching: 0 })
  })
})

const anySpan = fc
  .tuple(fc.constantFrom('d', 'e'), fc.nat(40), fc.integer({ min: 1, max: 20 }))
  .map(([document, start, length]) => span(start, start + length, document))
const anySpans = fc.array(anySpan, { maxLength: 6 })

describe('whatever was retrieved', () => {
  it('agrees with counting characters one by one', () => {
    fc.assert(
      fc.property(anySpans, fc.array(anySpan, { minLength: 1, maxLength: 4 }), (retrieved, marked) => {
        const [retrievedSet, markedSet] = [charactersOf(retrieved), charactersOf(marked)]
        const found = [...markedSet].filter((character) => retrievedSet.has(character)).length
        const scores = scoreSpans(retrieved, marked)
        expect(scores.recall).toBeCloseTo(found / markedSet.size)
        expect(scores.precision).toBeCloseTo(retrievedSet.size === 0 ? 0 : found / retrievedSet.size)
        expect(scores.iou).toBeCloseTo(found / (markedSet.size + retrievedSet.size - found))
        expect(scores.iouTouching).toBeGreaterThanOrEqual(scores.iou)
      }),
    )
  })
})

function charactersOf(spans: Span[]): Set<string> {
  return new Set(
    spans.flatMap(({ document, start, end }) => Array.from({ length: end - start }, (_, index) => `${document}${start + index}`)),
  )
}
