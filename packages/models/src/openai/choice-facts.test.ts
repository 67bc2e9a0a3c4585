import { describe, expect, it } from '@jest/globals'
import { noAnswer } from '../attempt/answer-facts.ts'
import { createChunkRewriter } from './rewrite-chunk.ts'
import { readWholeChat } from './whole-chat.ts'

const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } }
const said: [string, object[], number][] = [
  ['of every answer asked for', [{ content: 'four' }, { content: 'more' }], 8],
  ['of text with characters that JSON escapes', [{ content: '"a"\n\u0001' }], 5],
  ['of thoughts, once, whichever name a server gives them', [{ reasoning: 'hmm', reasoning_content: 'hmm' }], 3],
  ['of a refusal', [{ content: null, refusal: 'No.' }], 3],
  ['of tool calls, their names and arguments', [{ content: null, tool_calls: [call, call] }], 44],
  ['but nothing of what has a shape of its own', [{ content: { parts: 1 } }, { tool_calls: ['x'] }, {}], 0],
]

describe.each(said)('the length that usage is estimated from is %s', (_what, parts, chars) => {
  it('in a stream', () => {
    const facts = noAnswer()
    const rewriter = createChunkRewriter({ publicId: 'openai/m', provider: 'openai', keepsUsage: false, facts })
    const choices = parts.map((delta, index) => ({ index, delta, finish_reason: null }))
    rewriter.rewrite(`data: ${JSON.stringify({ id: 'chatcmpl-1', model: 'm', choices })}`)
    expect(facts.contentChars).toBe(chars)
  })

  it('in a whole answer', () => {
    const facts = noAnswer()
    const choices = parts.map((message, index) => ({ index, message, finish_reason: 'stop' }))
    readWholeChat(JSON.stringify({ id: 'chatcmpl-1', model: 'm', choices }), { publicId: 'openai/m', provider: 'openai', facts })
    expect(facts).toMatchObject({ contentChars: chars, finishReason: 'stop' })
  })
})
