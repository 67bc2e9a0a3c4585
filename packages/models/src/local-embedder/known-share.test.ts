import { expect, it } from '@jest/globals'
import { knownShareOf } from './known-share.ts'

const vocabulary = ['when', 'bridge', 'built']

it.each([
  ['when was the bridge built?', 1],
  ['when was Brücke built', 2 / 3],
  ['Когда построен мост?', 0],
  ['?! 1885', 1],
  ['is it so', 1],
])('of “%s” the words of four letters and more count', (text, share) => {
  expect(knownShareOf(text, (word) => vocabulary.includes(word))).toBe(share)
})
