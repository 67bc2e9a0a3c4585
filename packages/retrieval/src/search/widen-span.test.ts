import { expect, it } from '@jest/globals'
import { widenSpan } from './widen-span.ts'

const passage = { start: 100, end: 200 }

it('takes in the neighbours nearest to the passage, whole, as far as there is room', () => {
  const section = [
    { start: 0, end: 50 },
    { start: 50, end: 100 },
    { start: 200, end: 290 },
    { start: 290, end: 500 },
  ]
  expect(widenSpan(passage, section, 240)).toEqual({ start: 50, end: 290 })
  expect(widenSpan(passage, section, 160)).toEqual({ start: 50, end: 200 })
  expect(widenSpan(passage, section, 120)).toEqual(passage)
  expect(widenSpan(passage, section, 1_000)).toEqual({ start: 0, end: 500 })
})

it('leaves out what lies behind a gap, and takes overlapping neighbours', () => {
  expect(widenSpan(passage, [{ start: 210, end: 250 }], 1_000)).toEqual(passage)
  expect(widenSpan(passage, [{ start: 180, end: 260 }, passage], 1_000)).toEqual({ start: 100, end: 260 })
})
