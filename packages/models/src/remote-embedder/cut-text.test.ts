import { expect, it } from '@jest/globals'
import { batchTexts, cutText } from './cut-text.ts'

const bytes = (text: string) => Buffer.byteLength(text)

it.each(['word '.repeat(100), 'é'.repeat(100), '🌊'.repeat(100), 'a'.repeat(99), '🌊 '.repeat(33)])(
  'cuts %j… into parts that fit and lose nothing',
  (text) => {
    const parts = cutText(text, 50)
    expect(parts.join('')).toBe(text)
    expect(parts.length).toBeGreaterThan(1)
    for (const part of parts) {
      expect(bytes(part)).toBeLessThanOrEqual(50)
      expect(part.isWellFormed()).toBe(true)
    }
  },
)

it('cuts between words', () => {
  expect(cutText('alpha beta gamma delta', 12)).toEqual(['alpha beta ', 'gamma delta'])
})

it('leaves a text that fits as it is', () => {
  expect(cutText('é'.repeat(25), 50)).toEqual(['é'.repeat(25)])
})

it('batches by number and by size, in order', () => {
  expect(batchTexts(['a', 'b', 'c'], { textsMax: 2, bytesMax: 100 })).toEqual([['a', 'b'], ['c']])
  expect(batchTexts(['aaa', 'bb', 'cccccc', 'd'], { textsMax: 9, bytesMax: 5 })).toEqual([['aaa', 'bb'], ['cccccc'], ['d']])
  expect(batchTexts([], { textsMax: 9, bytesMax: 5 })).toEqual([])
})
