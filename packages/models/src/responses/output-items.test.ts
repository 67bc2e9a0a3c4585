import { describe, expect, it } from '@jest/globals'
import type { AnswerPiece } from './answer-piece.ts'
import { createOutputItems } from './output-items.ts'

type CallPiece = Omit<Extract<AnswerPiece, { type: 'tool_call' }>, 'type' | 'argumentsDelta'>

const call = (argumentsDelta: string, piece: CallPiece): AnswerPiece => ({ type: 'tool_call', argumentsDelta, ...piece })
const [ann, bob] = [
  { index: 0, id: 'call_a', name: 'ask_ann' },
  { index: 1, id: 'call_b', name: 'ask_bob' },
]

/** The items of these pieces, and what the stream tells of each: the events' last names, with the place of their item. */
function write(...pieces: AnswerPiece[]) {
  const items = createOutputItems('resp_1')
  const events = [...pieces.flatMap((piece) => items.accept(piece)), ...items.close({ status: 'completed', annotations: [] })]
  const told = events.map(({ type, output_index }) => `${output_index} ${type.split('.').slice(1).join('.')}`)
  return { output: items.output(), told }
}

describe('calls of a response', () => {
  it('are each one item, however the pieces of their arguments alternate', () => {
    const pieces = [
      call('{"x', ann),
      call('', bob),
      call('":1}', { index: 0 }),
      call('{"y":', { index: 1 }),
      call('2}', { index: 1 }),
    ]
    const { output, told } = write(...pieces)
    expect(output).toMatchObject([
      { call_id: 'call_a', name: 'ask_ann', arguments: '{"x":1}', status: 'completed' },
      { call_id: 'call_b', name: 'ask_bob', arguments: '{"y":2}', status: 'completed' },
    ])
    expect(told).toEqual([
      '0 output_item.added',
      '0 function_call_arguments.delta',
      '1 output_item.added',
      '0 function_call_arguments.delta',
      '1 function_call_arguments.delta',
      '1 function_call_arguments.delta',
      '0 function_call_arguments.done',
      '0 output_item.done',
      '1 function_call_arguments.done',
      '1 output_item.done',
    ])
  })

  it('end as soon as the next item begins, where their arguments are whole by then', () => {
    const { output, told } = write(call('{}', ann), call('{}', bob), call('\n', { index: 0 }), { type: 'text', delta: 'Asked.' })
    expect(output.map(({ type }) => type)).toEqual(['function_call', 'function_call', 'message'])
    expect(told.indexOf('0 output_item.done')).toBeLessThan(told.indexOf('1 output_item.added'))
    expect(told.indexOf('1 output_item.done')).toBeLessThan(told.indexOf('2 output_item.added'))
  })

  it('outlast text between their pieces', () => {
    const { output } = write(call('{"x', ann), { type: 'text', delta: 'I ask.' }, call('":1}', { index: 0 }))
    expect(output).toMatchObject([{ arguments: '{"x":1}' }, { content: [{ text: 'I ask.' }] }])
  })
})
