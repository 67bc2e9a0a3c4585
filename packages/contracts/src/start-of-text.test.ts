import { expect, it } from '@jest/globals'
import { startOfText } from './start-of-text.ts'

it('of a text its start never ends with half a character', () => {
  expect(startOfText('abc', 2)).toBe('ab')
  expect(startOfText('a😀b', 2)).toBe('a')
  expect(startOfText('a😀b', 3)).toBe('a😀')
  expect(startOfText('ab', 5)).toBe('ab')
})
