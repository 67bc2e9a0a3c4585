import { expect, it } from '@jest/globals'
import { measureQuery, metricNames } from './measure-query.ts'

const chunk = (document: string, start = 0, end = 10) => ({ document, start, end })

it('counts a document once, at its best chunk', () => {
  const chunks = [chunk('x', 0), chunk('x', 10), chunk('x', 20), chunk('a', 0), chunk('x', 30), chunk('b', 0)]
  const measured = measureQuery(chunks, { grades: new Map([['b', 1]]), marked: [] })
  expect(measured.get('mrr@10')).toBeCloseTo(1 / 3)
  expect(measured.get('precision@10')).toBeCloseTo(0.1)
})

it('measures spans over the first chunks, and only for a question that has some', () => {
  const chunks = [chunk('x'), chunk('y'), chunk('z'), chunk('a', 0, 20)]
  const measured = measureQuery(chunks, { grades: new Map([['a', 1]]), marked: [chunk('a', 10, 30)] })
  expect(measured.get('span_recall@3')).toBe(0)
  expect(measured.get('span_recall@5')).toBe(0.5)
  expect(measured.get('span_precision@5')).toBeCloseTo(10 / 50)
  expect(measured.get('span_iou_touching@5')).toBeCloseTo(10 / 30)
  expect(measureQuery(chunks, { grades: new Map([['a', 1]]), marked: [] }).has('span_recall@5')).toBe(false)
})

it('names every metric it measures, in its order', () => {
  const gold = { grades: new Map([['a', 1]]), marked: [chunk('a')] }
  expect([...measureQuery([chunk('a')], gold).keys()]).toEqual(metricNames({ hasSpans: true }))
  expect([...measureQuery([chunk('a')], { ...gold, marked: [] }).keys()]).toEqual(metricNames({ hasSpans: false }))
})
