import { expect, it } from '@jest/globals'
import { noAnswer } from '../attempt/answer-facts.ts'
import { createChunkRewriter } from './rewrite-chunk.ts'

/** The deltas of choices as a client gets them, each a chunk of its own. */
function relayed(...choices: { index?: number; delta: unknown }[]) {
  const rewriter = createChunkRewriter({ publicId: 'google/g', provider: 'google', keepsUsage: true, facts: noAnswer() })
  return choices.map((choice) => {
    const chunk = {
      id: 'c',
      object: 'chat.completion.chunk',
      model: 'g',
      choices: [{ index: 0, finish_reason: null, ...choice }],
    }
    return JSON.parse(rewriter.rewrite(`data: ${JSON.stringify(chunk)}\n\n`).replace('data: ', '')).choices[0].delta
  })
}
const calls = (...tool_calls: object[]) => ({ delta: { role: 'assistant', tool_calls } })
const call = (id: string | undefined, more: object = {}) => ({
  ...(id && { id }),
  function: { name: 'f', arguments: '{}' },
  ...more,
})
const numbers = (deltas: { tool_calls: { index: number }[] }[]) =>
  deltas.map(({ tool_calls }) => tool_calls.map(({ index }) => index))

it.each([
  ['without an index, each in a chunk of its own', [calls(call('a')), calls(call('b'))], [[0], [1]]],
  ['without an index, in one chunk', [calls(call('a'), call('b'))], [[0, 1]]],
  ['that all have the first index', [calls(call('a', { index: 0 })), calls(call('b', { index: 0 }))], [[0], [1]]],
  [
    'without an index, in pieces',
    [calls(call('a')), calls(call(undefined)), calls(call('b')), calls(call(undefined))],
    [[0], [0], [1], [1]],
  ],
  [
    'that all have the first index, in pieces',
    [calls(call('a', { index: 0 })), calls(call('b', { index: 0 })), calls(call(undefined, { index: 0 }))],
    [[0], [1], [1]],
  ],
])('calls %s are told apart', (_what, chunks, expected) => {
  expect(numbers(relayed(...chunks))).toEqual(expected)
})

it.each([
  ['by turns', [call('a', { index: 0 }), call('b', { index: 1 }), call(undefined, { index: 0 }), call(undefined, { index: 1 })]],
  ['with their id in every piece', [call('a', { index: 0 }), call('a', { index: 0 }), call('b', { index: 1 })]],
  ['with one id for all', [call('f', { index: 0 }), call('f', { index: 1 }), call('f', { index: 0 })]],
  ['without ids', [call(undefined, { index: 0 }), call(undefined, { index: 1 })]],
])('calls that are numbered stay as they are: %s', (_what, pieces) => {
  expect(relayed(...pieces.map((piece) => calls(piece)))).toEqual(pieces.map((piece) => calls(piece).delta))
})

it('the first delta of each choice has a role, whatever the server says', () => {
  const deltas = relayed(
    { delta: null },
    { delta: { content: 'a' } },
    { delta: { content: 'b' }, index: 1 },
    { delta: { role: 'assistant', content: 'c' }, index: 2 },
  )
  expect(deltas).toEqual([
    { role: 'assistant' },
    { content: 'a' },
    { role: 'assistant', content: 'b' },
    { role: 'assistant', content: 'c' },
  ])
})
