import { describe, expect, it } from '@jest/globals'
import type { ChatMessage } from '@weft/contracts'
import { readToolAnswers, withoutApprovalCalls } from './tool-answers.ts'

const id = 'appr_sess_1.1'
const question: ChatMessage = { role: 'user', content: 'Tell Ann.' }

function conversation(...contents: string[]): ChatMessage[] {
  const call = { id, type: 'function', function: { name: 'weft_approval', arguments: '{"hash":"abc"}' } }
  return [
    question,
    { role: 'assistant', content: null, tool_calls: [call] },
    ...contents.map((content) => ({ role: 'tool' as const, tool_call_id: id, content })),
  ]
}

describe('answers to approval calls', () => {
  it.each([
    ['{"decision":"approve"}', { action: 'approve' }],
    ['{"decision":"approve","comment":"fine"}', { action: 'approve', comment: 'fine' }],
    ['{"decision":"approve","params":{"to":"bob"}}', { action: 'modify', params: { to: 'bob' } }],
    ['{"decision":"reject","comment":"no"}', { action: 'reject', comment: 'no' }],
    ['approve', { action: 'approve' }],
    ['"approve"', { action: 'approve' }],
    ['reject because no', { action: 'reject', comment: 'no' }],
  ])('are read from %j, bound to the hash that was shown', (content, decision) => {
    expect(readToolAnswers(conversation(content))).toEqual([{ approvalId: id, hash: 'abc', ...decision }])
  })

  it.each([
    '',
    'ok',
    '{"decision":"maybe"}',
    '{"decison":"approve"}',
    '{"decision":"reject","params":{}}',
    '[]',
    '{"decision":"approve"',
  ])('decide nothing when they are not clear: %j', (content) => {
    expect(() => readToolAnswers(conversation(content))).toThrow(expect.objectContaining({ param: 'messages.2.content' }))
  })

  it('are only those at the end of the conversation', () => {
    expect(readToolAnswers([...conversation('approve'), question])).toEqual([])
    expect(readToolAnswers([question])).toEqual([])
  })

  it('of other tools are not ours', () => {
    expect(readToolAnswers([question, { role: 'tool', tool_call_id: 'call_1', content: 'approve' }])).toEqual([])
  })

  it('need no call before them, and refuse one whose arguments were changed', () => {
    expect(readToolAnswers([question, { role: 'tool', tool_call_id: id, content: 'approve' }])).toEqual([
      { approvalId: id, action: 'approve' },
    ])
    const call = { id, type: 'function', function: { name: 'weft_approval', arguments: '{' } }
    const changed: ChatMessage[] = [
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', tool_call_id: id, content: 'approve' },
    ]
    expect(() => readToolAnswers(changed)).toThrow(/arguments of the weft_approval call/)
  })
})

describe('a conversation that goes on', () => {
  it('keeps nothing of approval calls, and everything else', () => {
    expect(withoutApprovalCalls([...conversation('approve'), question])).toEqual([question, question])
    const other = { id: 'call_1', type: 'function', function: { name: 'search', arguments: '{}' } }
    const own = { id, type: 'function', function: { name: 'weft_approval', arguments: '{}' } }
    expect(withoutApprovalCalls([{ role: 'assistant', content: 'Wait.', tool_calls: [own] }])).toEqual([
      { role: 'assistant', content: 'Wait.' },
    ])
    expect(withoutApprovalCalls([{ role: 'assistant', tool_calls: [own, other] }])).toEqual([
      { role: 'assistant', tool_calls: [other] },
    ])
  })
})
