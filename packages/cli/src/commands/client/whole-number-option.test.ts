import { expect, it } from '@jest/globals'
import { wholeNumberOption } from './whole-number-option.ts'

it('an option takes every whole number within its bounds', () => {
  const limit = wholeNumberOption('--limit', { min: 1, max: 100 })
  expect(['1', '20', '100'].map(limit)).toEqual([1, 20, 100])
  expect(wholeNumberOption('--lines', { min: 0 })('0')).toBe(0)
})

it.each(['0', '101', '1.5', '-1', 'all', '', ' ', '0x10', '1e2'])('an option refuses "%s", saying what it needs', (text) => {
  const limit = wholeNumberOption('--limit', { min: 1, max: 100 })
  expect(() => limit(text)).toThrow(`--limit needs a whole number from 1 to 100, not "${text}"`)
})

it('an option without an upper bound refuses what JavaScript could not keep exactly', () => {
  expect(() => wholeNumberOption('--turn', { min: 1 })('9007199254740993')).toThrow('--turn needs a whole number from 1, not')
})
