import { expect, it } from '@jest/globals'
import { type ChatMessage, earlierMessages, lastQuestion } from './chat.ts'

const messages: ChatMessage[] = [
  { role: 'user', content: 'first' },
  { role: 'user', content: [{ type: 'text', text: 'second' }] },
  { role: 'assistant', content: 'answer' },
]

it('finds the last question, and what was said besides it', () => {
  expect(lastQuestion(messages)).toBe('second')
  expect(earlierMessages(messages).map(({ content }) => content)).toEqual(['first', 'answer'])
})

it('takes a conversation without a question for one', () => {
  expect([lastQuestion([]), earlierMessages([])]).toEqual(['', []])
})
