import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { collect, failureOf } from '../testing/collect-events.ts'
import { createTestModels, type TestModels } from '../testing/test-models.ts'
import { tools, weather, withToolResult } from '../testing/tool-conversation.ts'

let test: TestModels
beforeAll(async () => {
  test = await createTestModels()
})
afterAll(() => test.stop())

const ask = (more: object = {}) => ({
  model: 'anthropic/claude-test',
  messages: [{ role: 'user' as const, content: 'Hi' }],
  ...more,
})
const sent = () => test.anthropic.requests.at(-1)?.body

describe('a model on Anthropic’s wire', () => {
  it('streams thinking and text, then the finish, then the measured usage with cached tokens counted in', async () => {
    test.anthropic.script({
      kind: 'text',
      chunks: ['Wool', ' is spun.'],
      reasoning: 'hm',
      inputTokens: 20,
      outputTokens: 5,
      cachedTokens: 8,
    })
    expect(await collect(test.models.stream(ask()))).toEqual([
      { type: 'reasoning', delta: 'hm' },
      { type: 'text', delta: 'Wool' },
      { type: 'text', delta: ' is spun.' },
      { type: 'finish', reason: 'stop' },
      { type: 'usage', inputTokens: 20, outputTokens: 5, cachedInputTokens: 8, costUsd: 0, measured: true, priceKnown: false },
    ])
  })

  it('sends system and developer messages as the system text, and joins neighbours of one role', async () => {
    await test.models.complete(
      ask({
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'One' },
          { role: 'user', content: [{ type: 'text', text: 'Two' }] },
          { role: 'assistant', content: '' },
          { role: 'developer', content: 'In French.' },
        ],
        maxOutputTokens: 9,
        temperature: 0.2,
        stop: ['END', '\n'],
        user: 'u1',
        reasoningEffort: 'minimal',
      }),
    )
    expect(sent()).toEqual({
      model: 'claude-test',
      max_tokens: 9,
      system: 'Be brief.\n\nIn French.',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'One' },
            { type: 'text', text: 'Two' },
          ],
        },
      ],
      stream: true,
      stop_sequences: ['END'],
      metadata: { user_id: 'u1' },
      output_config: { effort: 'low' },
    })
  })

  it('translates tools, choices and schemas', async () => {
    const schema = { type: 'object', properties: { a: { type: 'string', minLength: 1 } } }
    await test.models.complete(
      ask({
        tools,
        toolChoice: 'required',
        parallelToolCalls: false,
        responseFormat: { type: 'json_schema', json_schema: { name: 'x', schema } },
      }),
    )
    expect(sent()).toMatchObject({
      tools: [{ name: 'get_weather', description: 'Weather of a city', input_schema: { type: 'object', required: ['city'] } }],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
      output_config: {
        format: {
          type: 'json_schema',
          schema: { properties: { a: { type: 'string', description: '{minLength: 1}' } }, additionalProperties: false },
        },
      },
    })
    await test.models.complete(ask({ tools, toolChoice: { type: 'function', function: { name: 'get_weather' } } }))
    expect(sent()).toMatchObject({ tool_choice: { type: 'tool', name: 'get_weather' } })
    await test.models.complete(ask({ tools, toolChoice: 'none' }))
    expect(sent()).toMatchObject({ tool_choice: { type: 'none' } })
  })

  it('translates tool calls both ways, also one without arguments', async () => {
    test.anthropic.script({
      kind: 'tool_calls',
      text: 'Looking.',
      calls: [weather('toolu_1', 'Oslo'), { id: 'toolu_2', name: 'now', arguments: '{}' }],
    })
    expect(await test.models.complete(ask({ tools }))).toMatchObject({
      text: 'Looking.',
      finishReason: 'tool_calls',
      toolCalls: [weather('toolu_1', 'Oslo'), { id: 'toolu_2', name: 'now', arguments: '{}' }],
    })
    await test.models.complete(ask({ messages: withToolResult, tools }))
    expect(sent()?.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Weather in Oslo and Rome?' }] },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Looking.' },
          { type: 'tool_use', id: 'call_1', name: 'get_weather', input: { city: 'Oslo' } },
          { type: 'tool_use', id: 'call_2', name: 'get_weather', input: { city: 'Rome' } },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_1', content: [{ type: 'text', text: 'snow' }] },
          { type: 'tool_result', tool_use_id: 'call_2', content: [{ type: 'text', text: 'sun' }] },
          { type: 'text', text: 'And?' },
        ],
      },
    ])
    expect(test.anthropic.refusals).toEqual([])
  })

  it('takes calls whose ids another provider made, with signs that Anthropic takes none of', async () => {
    const foreign = JSON.parse(
      JSON.stringify(withToolResult).replaceAll('call_1', 'functions.get_weather:0').replaceAll('call_2', 'a|b'),
    )
    await test.models.complete(ask({ messages: foreign, tools }))
    const said = JSON.stringify(sent()?.messages)
    for (const id of ['functions_get_weather_0', 'a_b']) {
      expect(said).toContain(`"tool_use","id":"${id}"`)
      expect(said).toContain(`"tool_use_id":"${id}"`)
    }
    expect(test.anthropic.refusals).toEqual([])
  })

  it('has a conversation cached whose caller names a cache key', async () => {
    await test.models.complete(ask({ promptCacheKey: 'k1' }))
    expect(sent()).toMatchObject({ cache_control: { type: 'ephemeral' } })
    expect(test.anthropic.refusals).toEqual([])
  })

  it('has only the beginning cached that other requests share', async () => {
    const messages = ['Document', 'Passage'].map((content) => ({ role: 'user' as const, content }))
    await test.models.complete(
      ask({ messages: [{ role: 'system', content: 'S' }, ...messages], promptCacheKey: 'k1', promptCacheMessages: 2 }),
    )
    expect(sent()?.cache_control).toBeUndefined()
    expect(sent()?.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Document', cache_control: { type: 'ephemeral' } },
          { type: 'text', text: 'Passage' },
        ],
      },
    ])
    expect(test.anthropic.refusals).toEqual([])
  })

  it('translates images and PDF files', async () => {
    const image = (url: string) => ({ type: 'image_url', image_url: { url } })
    const file = { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } }
    await test.models.complete(
      ask({
        messages: [
          { role: 'user', content: [image('data:image/png;base64,iVBORw0='), image('https://example.com/a.jpg'), file] },
        ],
      }),
    )
    expect(sent()?.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0=' } },
          { type: 'image', source: { type: 'url', url: 'https://example.com/a.jpg' } },
          { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } },
        ],
      },
    ])
  })

  it.each([
    [
      'an image of a type that is not accepted',
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/tiff;base64,AAAA' } }] },
    ],
    ['an address that is no image', { role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }] }],
    ['audio', { role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }] }],
    ['a tool message without its call', { role: 'tool', content: 'x' }],
    [
      'arguments that are no JSON',
      { role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{' } }] },
    ],
    ['the role function', { role: 'function', name: 'f', content: 'x' }],
  ])('refuses %s before anything is sent, naming the message', async (_what, message) => {
    const before = test.anthropic.requests.length
    const failure = await failureOf(test.models.complete(ask({ messages: [{ role: 'user', content: 'Hi' }, message] })))
    expect(failure).toMatchObject({ code: 'invalid_request', param: 'messages.1' })
    expect(test.anthropic.requests.length).toBe(before)
  })

  const hi = { role: 'user', content: 'Hi' }
  const answer = { role: 'assistant', content: 'Hello' }
  it.each([
    ['without a question', [{ role: 'system', content: 'Be brief.' }], 'messages'],
    ['whose only question is empty', [{ role: 'user', content: ' ' }], 'messages'],
    [
      'whose last question is empty, so that the answer before it would be continued',
      [hi, answer, { role: 'user', content: '' }],
      'messages',
    ],
    ['that the model begins', [{ role: 'system', content: 'Be brief.' }, answer, hi], 'messages.1'],
  ])('refuses a conversation %s', async (_what, messages, param) => {
    const before = test.anthropic.requests.length
    expect(await failureOf(test.models.complete(ask({ messages })))).toMatchObject({ code: 'invalid_request', param })
    expect(test.anthropic.requests.length).toBe(before)
  })

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['refusal', 'content_filter'],
  ])('ends with %s as %s', async (finishReason, expected) => {
    test.anthropic.script({ kind: 'text', chunks: ['x'], finishReason })
    expect((await test.models.complete(ask())).finishReason).toBe(expected)
  })
})

describe('a call that fails on Anthropic’s wire', () => {
  it.each([
    [
      { status: 400, message: 'prompt is too long: 300000 tokens > 200000 maximum' },
      { code: 'context_length_exceeded', isRetryable: false },
    ],
    [
      { status: 400, message: 'messages: bad' },
      { code: 'invalid_request', isRetryable: false },
    ],
    [{ status: 401 }, { code: 'authentication', message: 'anthropic refused the API key; check ANTHROPIC_API_KEY' }],
    [{ status: 403 }, { code: 'permission' }],
    [{ status: 404 }, { code: 'model_not_found' }],
    [{ status: 413, message: 'request too large' }, { code: 'invalid_request' }],
    [
      { status: 429, headers: { 'retry-after': '7' } },
      { code: 'rate_limit_exceeded', isRetryable: true, retryAfterMs: 7_000 },
    ],
    [{ status: 529 }, { code: 'upstream_error', isRetryable: true, upstreamStatus: 529 }],
  ])('%j is told apart, after one attempt', async (reply, error) => {
    const before = test.anthropic.requests.length
    test.anthropic.script({ kind: 'error', ...reply })
    expect(await failureOf(test.models.complete(ask()))).toMatchObject(error)
    expect(test.anthropic.requests.length).toBe(before + 1)
  })

  it.each([
    [{ kind: 'cut' as const, chunks: ['Half'] }, 'upstream_error'],
    [{ kind: 'unfinished' as const, chunks: ['Half'] }, 'upstream_error'],
    [{ kind: 'stream_error' as const, chunks: ['Half'], type: 'overloaded_error', message: 'Overloaded' }, 'upstream_error'],
    [{ kind: 'stream_error' as const, chunks: ['Half'], type: 'rate_limit_error', message: 'Slow down' }, 'rate_limit_exceeded'],
  ])('%j throws after the text that came', async (reply, code) => {
    test.anthropic.script(reply)
    const texts: string[] = []
    expect(await failureOf(collect(test.models.stream(ask()), texts))).toMatchObject({ code, isRetryable: true })
    expect(texts).toEqual(['Half'])
  })

  it('is cancelled upstream when the caller aborts', async () => {
    test.anthropic.script({ kind: 'stall', chunks: ['One'] })
    const caller = new AbortController()
    const failure = failureOf(
      (async () => {
        for await (const event of test.models.stream(ask(), { signal: caller.signal })) if (event.type === 'text') caller.abort()
      })(),
    )
    expect(await failure).toMatchObject({ code: 'cancelled' })
    await test.anthropic.sawAborts(1)
  })
})
