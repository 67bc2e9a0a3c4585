import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type ModelGateway, startModelGateway } from '../testing/model-gateway.ts'

let test: ModelGateway
beforeAll(async () => {
  test = await startModelGateway()
})
afterAll(() => test.stop())

const model = 'openai/test-model'
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
  [{ model: 'weft/nothing', input: 'x' }, 'model'],
  [{ model: 'nobody/none', input: 'x' }, 'model'],
])('%j is refused, naming %s', async (body, param) => {
  const before = test.openai.requests.length
  const response = await test.post('/v1/responses', body)
  expect([400, 404]).toContain(response.status)
  expect(await response.json()).toMatchObject({ error: { param, type: 'invalid_request_error' } })
  expect(test.openai.requests.length).toBe(before)
})
