import { expect, it } from '@jest/globals'
import { hearContent, noAnswer, startOfContent } from './answer-facts.ts'

it('of an answer in a few long pieces no more is kept than the one that its beginning ends in', () => {
  const answer = noAnswer()
  for (let piece = 0; piece < 20; piece += 1) hearContent(answer, 'x'.repeat(20_000))
  expect([answer.contentChars, startOfContent(answer).length, answer.latest]).toEqual([400_000, 20_000, []])
})

it('of an answer in many short pieces the beginning is kept in its order', () => {
  const answer = noAnswer()
  const words = Array.from({ length: 11 }, (_, index) => `word ${index} `)
  for (const word of words) hearContent(answer, word)
  expect(startOfContent(answer)).toBe(words.join(''))
})
