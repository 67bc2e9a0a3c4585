import { describe, expect, it } from '@jest/globals'
import { createAnswerReader } from '../read-whole-answer.ts'
import { claimsOf, hasRequired, rewardOf, type WholeAnswer } from './judge-answer.ts'

const tool = { type: 'function', function: { name: 'find', parameters: { type: 'object', required: ['id'] } } }
const format = { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object', required: ['id'] } } }
const calls = (name: string, text: string) => ({ text: '', toolCalls: [{ name, arguments: text }] })

/** By what is required alone. */
function judgeAnswer(body: Record<string, unknown>, answer: WholeAnswer) {
  const claims = claimsOf(body, answer)
  return claims && rewardOf(claims, claims.claimed.map(hasRequired))
}

describe('an answer that can be checked', () => {
  it.each([
    ['schema', 1, { response_format: format }, { text: '{"id": 1}', toolCalls: [] }],
    ['schema', 0, { response_format: format }, { text: '{"other": 1}', toolCalls: [] }],
    ['schema', 0, { response_format: format }, { text: 'Sure! {"id": 1}', toolCalls: [] }],
    ['schema', 1, { response_format: { type: 'json_object' } }, { text: '{}', toolCalls: [] }],
    ['tools', 1, { tools: [tool] }, calls('find', '{"id": 7}')],
    ['tools', 0, { tools: [tool] }, calls('find', '{}')],
    ['tools', 0, { tools: [tool] }, calls('found', '{"id": 7}')],
    ['tools', 0, { tools: [tool] }, calls('find', '{"id": ')],
  ])('is worth by its %s %d', (kind, reward, body, answer) => {
    expect(judgeAnswer(body, answer)).toEqual({ kind, reward })
  })

  it('is not judged when there is nothing to check', () => {
    expect(judgeAnswer({}, { text: 'Hello', toolCalls: [] })).toBeUndefined()
    expect(judgeAnswer({ tools: [tool] }, { text: 'Hello', toolCalls: [] })).toBeUndefined()
  })

  it('is put together from the pieces of a stream', () => {
    const reader = createAnswerReader()
    const chunk = (delta: object) => `data: ${JSON.stringify({ choices: [{ delta }] })}\n\n`
    reader.events(chunk({ content: 'Let me ' }) + chunk({ content: 'see' }))
    reader.events(chunk({ tool_calls: [{ index: 0, id: 'a', function: { name: 'find', arguments: '{"id"' } }] }))
    reader.events(`${chunk({ tool_calls: [{ index: 0, function: { arguments: ': 7}' } }] })}data: [DONE]\n\n`)
    expect(reader.answer()).toEqual({ text: 'Let me see', toolCalls: [{ name: 'find', arguments: '{"id": 7}' }] })
  })
})
