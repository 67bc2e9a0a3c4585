import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { codePointSlicer, countCodePoints } from './code-points.ts'

it('cuts where the characters people see begin and end, not inside a pair of code units', () => {
  const slice = codePointSlicer('a😀b𝄞c')
  expect(slice(1, 2)).toBe('😀')
  expect(slice(2, 5)).toBe('b𝄞c')
  expect(slice(4, 6)).toBeUndefined()
  expect(codePointSlicer('abc')(1, 4)).toBeUndefined()
  expect(countCodePoints('a😀b𝄞c')).toBe(5)
})

it('agrees with an array of code points, for every text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(20), fc.nat(20), (text, a, b) => {
      const points = [...text]
      const [start, end] = [Math.min(a, b, points.length), Math.min(Math.max(a, b), points.length)]
      expect(codePointSlicer(text)(start, end)).toBe(points.slice(start, end).join(''))
      expect(countCodePoints(text)).toBe(points.length)
    }),
  )
})
