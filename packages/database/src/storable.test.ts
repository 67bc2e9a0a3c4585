import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { storableJson, storableText } from './storable.ts'

it.each([
  ['a\0b', 'a\uFFFDb'],
  ['half \ud83d', 'half \uFFFD'],
  ['whole 💡', 'whole 💡'],
])('keeps %j as %j', (text, stored) => {
  expect(storableText(text)).toBe(stored)
})

it('takes a backslash before "u0000" for what it is', () => {
  expect(JSON.parse(storableJson({ 'a\0': '\\u0000 \\\0 \\ud800' }))).toEqual({ 'a\uFFFD': '\\u0000 \\\uFFFD \\ud800' })
})

it('makes of any JSON what making its texts storable would', () => {
  const text = fc.string({ unit: 'binary' }).map((letters) => `${letters}\\\0\ud800`)
  fc.assert(
    fc.property(text, (letters) => {
      expect(JSON.parse(storableJson([letters]))).toEqual([storableText(letters)])
    }),
  )
})
