import { expect, it } from '@jest/globals'
import { cutText } from './cut-text.ts'

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
