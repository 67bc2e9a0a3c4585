import { describe, expect, it } from '@jest/globals'
import { type AnswerFacts, noAnswer } from '../attempt/answer-facts.ts'
import { createChunkRewriter } from './rewrite-chunk.ts'
import { learnTemplate } from './chunk-template.ts'

const head = { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'gpt-upstream' }
const chunk = (delta: object, more: object = {}) => ({
  ...head,
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
  usage: null,
})
const said = (content: string) => chunk({ content })
const logprobs = { logprobs: { content: [{ token: 'a', logprob: -1 }], refusal: null } }

const streams: Record<string, object[]> = {
  'of text': [
    chunk({ role: 'assistant', content: '' }),
    ...['Herons', ' stand', ' in', ' reeds'].map(said),
    chunk({}, { finish_reason: 'stop' }),
  ],
  'of text with quotes, breaks and other scripts': [
    'a',
    'say "b"',
    'c\\d',
    'e\nf',
    '東京 ü',
    '$& $1 {"content":"x"}',
    '',
    'g',
  ].map(said),
  'that says other things in between': [
    said('a'),
    chunk({ content: 'b', refusal: 'no' }),
    chunk({ reasoning_content: 'hm' }),
    said('c'),
    chunk({ content: 'd', tool_calls: [{ index: 0, id: 't', function: { name: 'f', arguments: '{' } }] }),
    chunk({ content: 'e' }, logprobs),
    { ...said('f'), usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } },
    chunk({ content: 'g' }, { finish_reason: 'length' }),
  ],
  'of two answers at once': [0, 1, 0, 1, 1].map((index) => chunk({ content: `to ${index}` }, { index })),
  'that is padded': ['a', 'b', 'c', 'd', 'e'].map((content, at) => ({ ...said(content), obfuscation: 'x'.repeat(at) })),
}
const layouts: Record<string, (value: object) => string> = {
  'written tightly': (value) => JSON.stringify(value),
  'written loosely': (value) => JSON.stringify(value, undefined, 1).replaceAll('\n', ' '),
  'with the model last': ({ model, ...value }: { model?: string }) => JSON.stringify({ ...value, model }),
}

/** One that has seen the beginning of a stream. */
function rewriterOf(facts: AnswerFacts, keepsUsage: boolean) {
  const rewriter = createChunkRewriter({ publicId: 'openai/$&-1', provider: 'openai', keepsUsage, facts })
  const choices = [0, 1].map((index) => ({ index, delta: { role: 'assistant' }, finish_reason: null }))
  rewriter.rewrite(`data: ${JSON.stringify({ ...head, choices })}\n\n`)
  return rewriter
}

describe.each(Object.keys(streams))('a stream %s', (name) => {
  it.each(Object.keys(layouts).flatMap((layout) => [true, false].map((keepsUsage) => ({ layout, keepsUsage }))))(
    'comes and is counted as if each chunk were the first: %j',
    ({ layout, keepsUsage }) => {
      const heard = noAnswer()
      const rewriter = rewriterOf(heard, keepsUsage)
      const alone = noAnswer()
      for (const each of streams[name] ?? []) {
        const event = `data: ${layouts[layout]?.(each)}\n\n`
        expect(rewriter.rewrite(event)).toBe(rewriterOf(alone, keepsUsage).rewrite(event))
      }
      expect(heard).toEqual(alone)
    },
  )
})

it.each(['data:', 'id: 7\ndata: '])('events that begin with %j, several at once, are the same events', (start) => {
  const [heard, alone] = [noAnswer(), noAnswer()]
  const pieces = ['Herons', ' stand', ' "still"', ' in', ' reeds'].map((text) => JSON.stringify(said(text)))
  const together = rewriterOf(heard, true).rewrite(pieces.map((data) => `${start}${data}\n\n`).join(''))
  const rewriter = rewriterOf(alone, true)
  expect(together).toBe(pieces.map((data) => rewriter.rewrite(`data: ${data}\n\n`)).join(''))
  expect(heard).toEqual(alone)
})

it('an event whose data is on several lines is one line for the client, who would read each as a chunk', () => {
  const lines = JSON.stringify(said('Herons'), undefined, 1).replaceAll('\n', '\ndata: ')
  const [rewritten = '', ...more] = rewriterOf(noAnswer(), true).rewrite(`data: ${lines}\n\n`).trimEnd().split('\n')
  expect(more).toEqual([])
  expect(JSON.parse(rewritten.replace('data: ', ''))).toEqual({ ...said('Herons'), model: 'openai/$&-1' })
})

it('what a stream repeats is not read again', () => {
  const data = (text: string) => JSON.stringify(said(text))
  const rewrite = (chunkText: string) => chunkText.replace('gpt-upstream', 'public')
  const template = learnTemplate(data('Herons'), { rewrite, chunkOf: (each) => `data:${each}\n\n` })
  expect(template?.textOf(`data:${data(' stand')}\n\n`)).toBe(' stand')
  expect(template?.fill(' stand')).toBe(data(' stand').replace('gpt-upstream', 'public'))
})

it.each([
  ['an end', chunk({ content: 'a' }, { finish_reason: 'stop' })],
  ['thoughts', chunk({ reasoning_content: 'b', content: 'a' })],
  ['usage', { ...said('a'), usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }],
  ['an error', { ...said('a'), error: { message: 'no' } }],
])('a chunk that says %s besides its text is no pattern for others', (_what, value) => {
  const same = (data: string) => data
  expect(learnTemplate(JSON.stringify(value), { rewrite: same, chunkOf: same })).toBeUndefined()
})
