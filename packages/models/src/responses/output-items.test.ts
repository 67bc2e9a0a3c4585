import { describe, expect, it } from '@jest/globals'
import type { AnswerPiece } from './answer-piece.ts'
import { createOutputItems } from './output-items.ts'
import { createResponseWriter } from './write-response.ts'

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

it('has the same id for its message and its calls whether or not it tells its thoughts', () => {
  const answer: AnswerPiece[] = [{ type: 'text', delta: 'I ask.' }, call('{}', ann), call('{}', bob)]
  const ids = (...pieces: AnswerPiece[]) => write(...pieces).output.map(({ id }) => id)
  expect(ids(...answer)).toEqual(['msg_1_0', 'fc_1_0', 'fc_1_1'])
  expect(ids({ type: 'reasoning', delta: 'hm' }, ...answer)).toEqual(['rs_1_0', 'msg_1_0', 'fc_1_0', 'fc_1_1'])
})

it('are incomplete in a response that failed while they were written', () => {
  const identity = { id: 'resp_1', model: 'acme/m', createdAt: 1, isStored: true }
  const writer = createResponseWriter({ model: 'acme/m', input: 'Hi' }, identity)
  writer.accept({ type: 'text', delta: 'Half of' })
  expect(writer.fail({ code: 'upstream_error', message: 'cut', param: null }, false).at(-1)).toMatchObject({
    type: 'response.failed',
    response: {
      status: 'failed',
      store: false,
      output: [{ type: 'message', status: 'incomplete', content: [{ text: 'Half of' }] }],
    },
  })
})
