import { expect, it } from '@jest/globals'
import type { ChatMessage } from '@weft/contracts'
import { showMessages } from './show-attachments.ts'

const text = { type: 'text', text: 'What is this?' }
const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }
const messages: ChatMessage[] = [
  { role: 'user', content: [text, image] },
  { role: 'assistant', content: 'A whale.' },
  { role: 'user', content: [image] },
]
const modelWith = (...capabilities: string[]) => ({ id: 'a/b', provider: 'a', priceKnown: true, capabilities })

it('a conversation is shown whole to a model that sees what is in it, or of which nothing is known', () => {
  expect(showMessages(messages, modelWith('chat', 'vision'))).toEqual({ messages, isWhole: true })
  expect(showMessages(messages, undefined)).toEqual({ messages, isWhole: true })
})

it('a model that cannot see is shown the words, and no message that says nothing', () => {
  expect(showMessages(messages, modelWith('chat'))).toEqual({
    messages: [
      { role: 'user', content: [text] },
      { role: 'assistant', content: 'A whale.' },
      { role: 'user', content: expect.stringContaining('cannot be shown') },
    ],
    isWhole: false,
  })
  const odd: ChatMessage[] = [{ role: 'user', content: [text, { type: 'galaxy' }] }]
  expect(showMessages(odd, modelWith('chat', 'vision'))).toMatchObject({ messages: [{ content: [text] }], isWhole: false })
})
