import { expect, it } from '@jest/globals'
import { createAnswerReader } from './read-whole-answer.ts'

const called = (index: number) =>
  `data: ${JSON.stringify({ choices: [{ delta: { tool_calls: [{ index, function: { name: 'f', arguments: '{}' } }] } }] })}\n\n`

it('puts calls of tools together, and is not kept busy by one that comes with an index of billions', () => {
  const reader = createAnswerReader()
  reader.events(called(1) + called(4_000_000_000))
  expect(reader.answer().toolCalls).toEqual([{ name: 'f', arguments: '{}' }])
})
