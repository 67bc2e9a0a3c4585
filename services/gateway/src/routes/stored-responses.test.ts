import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createMemoryResponses } from '../testing/memory-responses.ts'
import { apiErrorOf, type ModelGateway, startModelGateway } from '../testing/model-gateway.ts'

let test: ModelGateway
beforeEach(async () => {
  test = await startModelGateway()
})
afterEach(() => test.stop())

const model = 'openai/test-model'
const sent = () => test.openai.requests.at(-1)?.body

describe('a stored response', () => {
  it('is gone on with, as one conversation', async () => {
    const first = await test.client.responses.create({ model, input: 'One' })
    const second = await test.client.responses.create({ model, input: 'Two', previous_response_id: first.id })
    await test.client.responses.create({ model, input: 'Three', previous_response_id: second.id })
    expect(sent()?.messages).toEqual([
      { role: 'user', content: 'One' },
      { role: 'assistant', content: 'Hello there.' },
      { role: 'user', content: 'Two' },
      { role: 'assistant', content: 'Hello there.' },
      { role: 'user', content: 'Three' },
    ])
  })

  it('is found and forgotten by its id, by its tenant alone, and its items may be referred to', async () => {
    const { id, output } = await test.client.responses.create({ model, input: 'One' })
    expect((await test.client.responses.retrieve(id)).output).toEqual(output)
    const input = [
      { type: 'item_reference' as const, id: output[0]?.id ?? '' },
      { role: 'user' as const, content: 'Two' },
    ]
    await test.client.responses.create({ model, input })
    expect(sent()?.messages).toMatchObject([{ role: 'assistant', content: 'Hello there.' }, { role: 'user' }])
    const stranger = test.gateway.client(await test.gateway.makeKey({ tenant: 'other' }))
    expect(await apiErrorOf(stranger.responses.retrieve(id))).toMatchObject({ status: 404 })
    expect(await apiErrorOf(stranger.responses.create({ model, input: 'x', previous_response_id: id }))).toMatchObject({
      param: 'previous_response_id',
    })
    await test.client.responses.delete(id)
    expect(await apiErrorOf(test.client.responses.retrieve(id))).toMatchObject({ status: 404 })
  })

  it('has each of its items referred to as that, whatever stands before it', async () => {
    const calls = [1, 2].map((a) => ({ id: `call_${a}`, name: 'look', arguments: JSON.stringify({ a }) }))
    test.openai.script({ kind: 'tool_calls', text: 'Let me look.', calls })
    const tools = [{ type: 'function' as const, name: 'look', parameters: { type: 'object' }, strict: false }]
    const { output } = await test.client.responses.create({ model, input: 'One', tools })
    const references = output.map(({ id = '' }) => ({ type: 'item_reference' as const, id }))
    const results = calls.map(({ id }) => ({ type: 'function_call_output' as const, call_id: id, output: 'seen' }))
    await test.client.responses.create({ model, tools, input: [{ role: 'user', content: 'One' }, ...references, ...results] })
    const tool_calls = calls.map(({ id, name, arguments: text }) => ({ id, function: { name, arguments: text } }))
    expect(sent()?.messages).toMatchObject([
      { role: 'user' },
      { content: 'Let me look.', tool_calls },
      { tool_call_id: 'call_1' },
      { tool_call_id: 'call_2' },
    ])
  })

  it('is not stored when its caller does not want it', async () => {
    const { id, output } = await test.client.responses.create({ model, input: 'One', store: false })
    expect(output).toHaveLength(1)
    expect(await apiErrorOf(test.client.responses.retrieve(id))).toMatchObject({ status: 404 })
  })

  it('is answered, and said not to be stored, when it cannot be', async () => {
    const fails = async () => Promise.reject(new Error('no database'))
    const other = await startModelGateway({ responses: { ...createMemoryResponses(), save: fails } })
    const response = await other.client.responses.create({ model, input: 'One' })
    expect(response).toMatchObject({ status: 'completed', store: false })
    await other.stop()
  })
})
