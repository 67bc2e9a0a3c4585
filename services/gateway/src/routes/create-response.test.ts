import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { apiErrorOf, type ModelGateway, startModelGateway } from '../testing/model-gateway.ts'

let test: ModelGateway
beforeEach(async () => {
  test = await startModelGateway()
})
afterEach(() => test.stop())

const model = 'openai/test-model'
const sent = () => test.openai.requests.at(-1)?.body
const weather = { type: 'function' as const, name: 'get_weather', parameters: { type: 'object' }, strict: false }
const call = (id: string, city: string) => ({ id, name: 'get_weather', arguments: JSON.stringify({ city }) })

describe.each([model, 'anthropic/claude-test'])('a response of %s', (id) => {
  it('is whole, with its usage, under the public id', async () => {
    const response = await test.client.responses.create({ model: id, input: 'Hi', instructions: 'Be brief.' })
    expect(response.output_text).toBe('Hello there.')
    expect(response).toMatchObject({ object: 'response', status: 'completed', model: id, error: null })
    expect(response.usage).toMatchObject({ input_tokens: 11, output_tokens: 7, total_tokens: 18 })
  })

  it('streams its events in order, none left out, to the same end', async () => {
    const types: string[] = []
    const numbers: number[] = []
    for await (const event of await test.client.responses.create({ model: id, input: 'Hi', stream: true })) {
      types.push(event.type)
      numbers.push(event.sequence_number)
    }
    expect(numbers).toEqual(numbers.map((_, index) => index))
    expect(types).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ])
    const final = await test.client.responses.stream({ model: id, input: 'Hi' }).finalResponse()
    expect([final.output_text, final.usage?.total_tokens]).toEqual(['Hello there.', 18])
  })

  it('asks for parallel calls of functions, and takes their answers', async () => {
    const calls = [call('call_1', 'Oslo'), call('call_2', 'Rome')]
    const server = id === model ? test.openai : test.anthropic
    server.script({ kind: 'tool_calls', calls }, { kind: 'tool_calls', calls })
    const whole = await test.client.responses.create({ model: id, input: 'Weather?', tools: [weather] })
    const streamed = await test.client.responses.stream({ model: id, input: 'Weather?', tools: [weather] }).finalResponse()
    for (const { output } of [whole, streamed])
      expect(output).toMatchObject(calls.map(({ id: call_id, name, arguments: text }) => ({ call_id, name, arguments: text })))
    const outputs = calls.map(({ id: call_id }) => ({ type: 'function_call_output' as const, call_id, output: 'sun' }))
    const made = calls.map(({ id: call_id, ...called }) => ({ type: 'function_call' as const, call_id, ...called }))
    const input = [{ role: 'user' as const, content: 'Weather?' }, ...made, ...outputs]
    expect((await test.client.responses.create({ model: id, input, tools: [weather] })).output_text).toBe('Hello there.')
    expect(server.refusals).toEqual([])
  })
})

describe('what is asked of a model on the wire of responses', () => {
  it('reaches it as the chat completion that asks the same', async () => {
    const schema = { type: 'object' }
    await test.client.responses.create({
      model,
      instructions: 'Be brief.',
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'What is this?' },
            { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0=', detail: 'low' },
          ],
        },
      ],
      max_output_tokens: 50,
      temperature: 0.5,
      top_p: 0.9,
      reasoning: { effort: 'low' },
      text: { format: { type: 'json_schema', name: 'x', schema, strict: true } },
      tools: [weather],
      tool_choice: { type: 'function', name: 'get_weather' },
      parallel_tool_calls: false,
    })
    expect(sent()).toMatchObject({
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0=', detail: 'low' } },
          ],
        },
      ],
      temperature: 0.5,
      top_p: 0.9,
      reasoning_effort: 'low',
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema, strict: true } },
      tools: [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object' }, strict: false } }],
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
      parallel_tool_calls: false,
    })
  })

  it('is named in a header where it had no effect', async () => {
    const body = { model, input: 'Hi', include: ['reasoning.encrypted_content'], max_tool_calls: 3, colour: 'blue' }
    const response = await test.post('/v1/responses', body)
    expect(response.status).toBe(200)
    expect(response.headers.get('x-weft-ignored-fields')).toBe('max_tool_calls, colour, include.reasoning.encrypted_content')
  })

  it('keeps what a provider refuses: status, and a stream that breaks ends with a typed error', async () => {
    test.openai.script({ kind: 'error', status: 429, headers: { 'retry-after': '3' } })
    expect(await apiErrorOf(test.client.responses.create({ model, input: 'x' }))).toMatchObject({ status: 429 })
    test.openai.script({ kind: 'stream_error', chunks: ['Half'], type: 'server_error', message: 'overloaded' })
    const text = await (await test.post('/v1/responses', { model, input: 'x', stream: true })).text()
    expect(text).toContain('"delta":"Half"')
    expect(text).toMatch(/event: error\ndata: .*"code":"upstream_error"/)
    expect(text).toMatch(/event: response.failed\ndata: .*"store":false/)
    expect(text).toMatch(/event: response\.failed\ndata: .*"status":"failed"/)
    expect(text).not.toContain('response.completed')
  })

  it('is incomplete when the model stopped at its limit', async () => {
    test.openai.script({ kind: 'text', chunks: ['Half'], finishReason: 'length' })
    const response = await test.client.responses.create({ model, input: 'x', max_output_tokens: 16 })
    expect(response).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } })
  })

  it('shows what the model thought as a reasoning item', async () => {
    test.openai.script({ kind: 'text', chunks: ['Yes'], reasoning: 'Let me see.' })
    const { output } = await test.client.responses.stream({ model, input: 'x' }).finalResponse()
    expect(output).toMatchObject([
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Let me see.' }] },
      { type: 'message', content: [{ type: 'output_text', text: 'Yes' }] },
    ])
  })

  it('is cancelled upstream when its reader hangs up', async () => {
    test.openai.script({ kind: 'stall', chunks: ['One'] })
    const before = test.openai.abortedCount()
    const stream = await test.client.responses.create({ model, input: 'x', stream: true })
    for await (const event of stream) if (event.type === 'response.output_text.delta') break
    await test.openai.sawAborts(before + 1)
  })
})
