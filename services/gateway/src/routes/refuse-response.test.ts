import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type ModelGateway, startModelGateway } from '../testing/model-gateway.ts'

let test: ModelGateway
beforeAll(async () => {
  test = await startModelGateway()
})
afterAll(() => test.stop())

const model = 'openai/test-model'
const allowed = (name: string) => ({ type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name }] })
const search = { type: 'file_search', vector_store_ids: ['vs_1'] }
const weather = { type: 'function', name: 'get_weather', parameters: { type: 'object' } }

it.each([
  [{ input: 'x' }, 'model'],
  [{ model }, 'input'],
  [{ model, input: [] }, 'input'],
  [{ model, input: 7 }, 'input'],
  [{ model, input: 'x', background: true }, 'background'],
  [{ model, input: 'x', truncation: 'auto' }, 'truncation'],
  [{ model, input: 'x', conversation: 'conv_1' }, 'conversation'],
  [{ model, input: 'x', tools: [weather, { type: 'web_search' }] }, 'tools.1.type'],
  [{ model, input: 'x', max_output_tokens: 0 }, 'max_output_tokens'],
  [{ model, input: 'x', text: { format: { type: 'json_schema' } } }, 'text.format'],
  [{ model, input: [{ role: 'user', content: 'x' }, { type: 'computer_call' }] }, 'input.1.type'],
  [{ model, input: [{ role: 'king', content: 'x' }] }, 'input.0.role'],
  [{ model, input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'f' }] }] }, 'input.0.content.0'],
  [{ model, input: [{ type: 'function_call_output', output: 'x' }] }, 'input.0.call_id'],
  [{ model, input: 'x', previous_response_id: 'resp_none' }, 'previous_response_id'],
  [{ model, input: 'x', previous_response_id: 'resp_sess_1.1' }, 'previous_response_id'],
  [{ model: 'weft/auto', input: 'x', previous_response_id: 'resp_sess_none.1' }, 'previous_response_id'],
  [{ model, input: [{ type: 'item_reference', id: 'msg_none_0' }] }, 'input.0.id'],
  [{ model: 'weft/auto', input: 'x', text: { format: { type: 'json_object' } } }, 'text.format'],
  [{ model: 'weft/auto', input: 'x', tools: [weather], tool_choice: 'required' }, 'tool_choice'],
  [{ model: 'weft/auto', input: 'x', background: true, store: false }, 'store'],
  [{ model, input: 'x', tool_choice: 'required' }, 'tool_choice'],
  [{ model, input: 'x', tools: [weather], tool_choice: { type: 'function', name: 'other' } }, 'tool_choice.name'],
  [{ model, input: 'x', tools: [weather], tool_choice: allowed('other') }, 'tool_choice.tools.0'],
  [{ model, input: 'x', tools: [weather], tool_choice: { type: 'file_search' } }, 'tool_choice.type'],
  [{ model: 'weft/auto', input: 'x', tools: [search], tool_choice: 'none' }, 'tool_choice'],
  [{ model, input: 'x', metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`key${n}`, 'x'])) }, 'metadata'],
  [{ model, input: [{ id: 'msg_none_0' }] }, 'input.0.id'],
  [{ model: 'weft/nothing', input: 'x' }, 'model'],
  [{ model: 'nobody/none', input: 'x' }, 'model'],
])('%j is refused, naming %s', async (body, param) => {
  const before = test.openai.requests.length
  const response = await test.post('/v1/responses', body)
  expect([400, 404]).toContain(response.status)
  expect(await response.json()).toMatchObject({ error: { param, type: 'invalid_request_error' } })
  expect(test.openai.requests.length).toBe(before)
})

it('what has no effect is named, down to the keys of items, their parts and tools', async () => {
  const image = { type: 'input_image', image_url: 'https://example.com/a.png', file_id: 'file_1', detail: null }
  const input = [{ role: 'user', content: [image], phase: 'commentary' }]
  const tools = [{ ...weather, defer_loading: true }]
  const response = await test.post('/v1/responses', { model, input, tools, stream_options: { include_obfuscation: true } })
  expect(response.status).toBe(200)
  expect(response.headers.get('x-weft-ignored-fields')?.split(', ')).toEqual([
    'stream_options.include_obfuscation',
    'tools.0.defer_loading',
    'input.phase',
    'input.content.file_id',
  ])
})

it('what a model has no counterpart of is named as its caller sent it', async () => {
  const response = await test.post('/v1/responses', { model: 'anthropic/claude-test', input: 'x', text: { verbosity: 'low' } })
  expect(response.headers.get('x-weft-ignored-fields')).toBe('text.verbosity')
})

it('what has no effect in a workflow is named as its caller sent it', async () => {
  const wish = { model: 'weft/direct', input: 'x', text: { verbosity: 'low' }, service_tier: 'flex', prompt_cache_key: 'k' }
  const response = await test.post('/v1/responses', { ...wish, weft: { background: true } })
  expect(response.headers.get('x-weft-ignored-fields')?.split(', ').toSorted()).toEqual([
    'prompt_cache_key',
    'service_tier',
    'text.verbosity',
  ])
})

it('an item that is only an id refers to the one that has it, and a conversation that lost its beginning says so', async () => {
  const first = await test.client.responses.create({ model, input: 'One' })
  const second = await test.client.responses.create({ model, input: 'Two', previous_response_id: first.id })
  await test.client.responses.create({ model, input: [{ id: second.output[0]?.id ?? '' }, { role: 'user', content: 'Three' }] })
  expect(test.openai.requests.at(-1)?.body.messages).toMatchObject([{ role: 'assistant' }, { content: 'Three' }])
  await test.client.responses.delete(first.id)
  const response = await test.post('/v1/responses', { model, input: 'x', previous_response_id: second.id })
  const message = `the conversation of '${second.id}' goes back to '${first.id}', which is not stored any more: send it whole`
  expect([response.status, await response.json()]).toMatchObject([400, { error: { message, param: 'previous_response_id' } }])
})
