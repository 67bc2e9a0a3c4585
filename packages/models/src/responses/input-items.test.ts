import { expect, it } from '@jest/globals'
import type { ChatMessage } from '@weft/contracts'
import { inputItems, itemsOfChat } from './input-items.ts'
import { messagesFromItems } from './messages-from-items.ts'

it('items are listed with an id of their own or one that tells their place, and messages in parts', () => {
  const call = { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{}' }
  const items = [
    { role: 'user', content: 'Hello' },
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hi' }] },
    { ...call, id: 'fc_mine' },
    { type: 'function_call_output', call_id: 'call_1', output: 'seen' },
    { role: 'user', content: [{ type: 'input_image', image_url: 'data:,' }] },
  ]
  expect(inputItems('resp_1', items)).toEqual([
    { id: 'msg_in_1_0', type: 'message', status: 'completed', role: 'user', content: [{ type: 'input_text', text: 'Hello' }] },
    {
      ...{ id: 'msg_in_1_1', type: 'message', status: 'completed', role: 'assistant' },
      content: [{ type: 'output_text', text: 'Hi', annotations: [], logprobs: [] }],
    },
    { ...call, id: 'fc_mine', status: 'completed' },
    { id: 'fco_in_1_3', type: 'function_call_output', status: 'completed', call_id: 'call_1', output: 'seen' },
    {
      ...{ id: 'msg_in_1_4', type: 'message', status: 'completed', role: 'user' },
      content: [{ type: 'input_image', image_url: 'data:,', detail: 'auto' }],
    },
  ])
})

it('the messages of a chat are the items that would be its messages', () => {
  const calls = [{ id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":1}' } }]
  const messages: ChatMessage[] = [
    { role: 'developer', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: 'data:,', detail: 'low' } },
        { type: 'file', file: { file_data: 'data:,', filename: 'a.pdf' } },
      ],
    },
    { role: 'assistant', content: null, tool_calls: calls },
    { role: 'tool', tool_call_id: 'call_1', content: 'a cat' },
    { role: 'assistant', content: 'A cat.' },
  ]
  expect(messagesFromItems(itemsOfChat(messages)).messages).toEqual(messages)
})
