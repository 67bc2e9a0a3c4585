import { expect, it } from '@jest/globals'
import { translateMessages } from './translate-messages.ts'

const text = (said: string) => ({ type: 'text', text: said })

it('parts with the fields of an answer, as OpenAI’s Agents SDK sends them back, are texts', () => {
  const answer = { role: 'assistant' as const, content: [{ ...text('Yes?'), role: 'assistant', refusal: null }] }
  expect(translateMessages([{ role: 'user', content: 'Hi' }, answer])).toEqual([
    { role: 'user', content: [text('Hi')] },
    { role: 'assistant', content: [text('Yes?')] },
  ])
})

it('parts without a letter, which Anthropic refuses, are left out', () => {
  expect(translateMessages([{ role: 'user', content: [text('Hi'), text(''), text(' ')] }])).toEqual([
    { role: 'user', content: [text('Hi')] },
  ])
  const result = { role: 'tool' as const, tool_call_id: 'call_1', content: [text('')] }
  expect(translateMessages([result])).toEqual([
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: [] }] },
  ])
})
