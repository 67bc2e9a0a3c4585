import { expect, it } from '@jest/globals'
import { restOfQuestion } from './rest-of-question.ts'

it('leaves of a question what a passage does not tell', () => {
  const question = 'When was the founder of the Blue Moon Studios born?'
  expect(restOfQuestion(question, 'Blue Moon Studio was founded in 1950; its founder is Ana de Silva.')).toBe(
    'When was the of the born?',
  )
})

it('leaves a question alone that a passage says nothing of', () => {
  expect(restOfQuestion('Who wrote Emma?', 'Rain fell on the roof.')).toBe('Who wrote Emma?')
})
