import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createModels, type Models } from '../create-models.ts'
import type { ModelRequest } from '../model-request.ts'
import { collect, failureOf } from '../testing/collect-events.ts'
import type { ModelServer } from '../testing/model-server.ts'
import { startResponsesServer } from '../testing/responses-server.ts'
import { testScope } from '../testing/test-models.ts'
import { tools, weather, withToolResult } from '../testing/tool-conversation.ts'
import { ignoredChatFields } from './ignored-fields.ts'

let server: ModelServer
let models: Models
let folder: string
const scope = testScope

beforeAll(async () => {
  server = await startResponsesServer()
  folder = mkdtempSync(join(tmpdir(), 'weft-responses-'))
  const file = join(folder, 'models.yaml')
  writeFileSync(
    file,
    `providers: [{ id: openai, wire: responses }]
models:
  - id: openai/test-model
    capabilities: [chat, tools, json_schema, vision, sampling, seed, logprobs, n]
    price: { inputUsd: 1, outputUsd: 10 }
    contextTokens: 100000
    outputTokensMax: 1000
    firstTokenMs: 500
`,
  )
  models = createModels({
    settings: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: server.url, WEFT_MODELS_FILE: file },
    telemetry: { logger: { info: () => undefined } },
    timeouts: { betweenTokensMs: 300 },
  })
})
afterAll(async () => {
  await models.stop()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const ask = (more: Partial<ModelRequest> = {}): ModelRequest => {
  return { model: 'openai/test-model', messages: [{ role: 'user', content: 'Hi' }], ...more }
}
const chat = { model: 'openai/test-model', messages: [{ role: 'user' as const, content: 'Hi' }] }
const sent = () => server.requests.at(-1)?.body

describe('a model behind the wire of responses', () => {
  it('streams its thoughts and its text as they come, then the finish, then the usage as counted', async () => {
    server.script({ kind: 'text', chunks: ['Wool', ' is'], reasoning: 'hm', inputTokens: 20, outputTokens: 5, cachedTokens: 8 })
    const usage = { inputTokens: 20, outputTokens: 5, cachedInputTokens: 8, reasoningTokens: 3, measured: true, priceKnown: true }
    expect(await collect(models.stream(ask(), { scope }))).toEqual([
      { type: 'reasoning', delta: 'hm' },
      { type: 'text', delta: 'Wool' },
      { type: 'text', delta: ' is' },
      { type: 'finish', reason: 'stop' },
      { type: 'usage', ...usage, costUsd: (20 + 50) / 1e6 },
    ])
    expect(server.refusals).toEqual([])
  })

  it('gets every option in its own words, and keeps nothing', async () => {
    const schema = { type: 'object', properties: { a: { type: 'number' } } }
    await models.complete(
      ask({
        ...{ maxOutputTokens: 50, temperature: 0.5, topP: 0.9, user: 'u1', promptCacheKey: 'k', reasoningEffort: 'low' },
        ...{ tools, toolChoice: { type: 'function', function: { name: 'get_weather' } }, parallelToolCalls: false },
        responseFormat: { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } },
      }),
      { scope },
    )
    expect(sent()).toEqual({
      model: 'test-model',
      input: [{ type: 'message', role: 'user', content: 'Hi' }],
      ...{ stream: true, store: false, max_output_tokens: 50, temperature: 0.5, top_p: 0.9, user: 'u1', prompt_cache_key: 'k' },
      reasoning: { effort: 'low' },
      tools: [{ type: 'function', ...tools[0]?.function, strict: false }],
      ...{ tool_choice: { type: 'function', name: 'get_weather' }, parallel_tool_calls: false },
      text: { format: { type: 'json_schema', name: 'answer', schema, strict: true } },
    })
    expect(server.refusals).toEqual([])
  })

  it('calls tools in parallel, piece by piece, and gets what they answered', async () => {
    const calls = [weather('call_1', 'Oslo'), weather('call_2', 'Rome')]
    server.script({ kind: 'tool_calls', text: 'Looking.', calls })
    const answer = await models.complete(ask({ tools }), { scope })
    expect(answer).toMatchObject({ text: 'Looking.', toolCalls: calls, finishReason: 'tool_calls' })
    await models.complete(ask({ tools, messages: withToolResult }), { scope })
    expect(sent()?.input).toEqual([
      { type: 'message', role: 'user', content: 'Weather in Oslo and Rome?' },
      { type: 'message', role: 'assistant', content: 'Looking.' },
      ...calls.map(({ id, name, arguments: text }) => ({ type: 'function_call', call_id: id, name, arguments: text })),
      { type: 'function_call_output', call_id: 'call_1', output: 'snow' },
      { type: 'function_call_output', call_id: 'call_2', output: 'sun' },
      { type: 'message', role: 'user', content: 'And?' },
    ])
    expect(server.refusals).toEqual([])
  })

  it('sees images and files', async () => {
    const content = [
      { type: 'text', text: 'What is it?' },
      { type: 'image_url', image_url: { url: 'https://example.org/a.png', detail: 'low' } },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,AA==', filename: 'a.pdf' } },
    ]
    await models.complete(ask({ messages: [{ role: 'user', content }] }), { scope })
    const parts = [
      { type: 'input_text', text: 'What is it?' },
      { type: 'input_image', image_url: 'https://example.org/a.png', detail: 'low' },
      { type: 'input_file', file_data: 'data:application/pdf;base64,AA==', filename: 'a.pdf' },
    ]
    expect(sent()?.input).toEqual([{ type: 'message', role: 'user', content: parts }])
    expect(server.refusals).toEqual([])
  })

  it.each(['length', 'content_filter'] as const)('says that it ended by %s', async (finishReason) => {
    server.script({ kind: 'text', chunks: ['Half'], finishReason })
    expect(await models.complete(ask(), { scope })).toMatchObject({ text: 'Half', finishReason })
  })

  it('answers clients of chat completions: whole, streamed, and with its refusal in the refusal’s place', async () => {
    const whole = await models.passThrough(chat, { scope })
    if (whole.kind !== 'body') throw new TypeError('not a body')
    expect(JSON.parse(whole.body)).toMatchObject({
      model: 'openai/test-model',
      choices: [{ message: { content: 'Hello there.', refusal: null }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 11, completion_tokens: 7, completion_tokens_details: { reasoning_tokens: 3 } },
    })
    server.script({ kind: 'text', chunks: [], refusal: 'I will not.' }, { kind: 'text', chunks: [], refusal: 'I will not.' })
    const refused = await models.passThrough(chat, { scope })
    if (refused.kind !== 'body') throw new TypeError('not a body')
    expect(JSON.parse(refused.body)).toMatchObject({ choices: [{ message: { content: null, refusal: 'I will not.' } }] })
    const streamed = await models.passThrough({ ...chat, stream: true }, { scope })
    if (streamed.kind !== 'stream') throw new TypeError('not a stream')
    let text = ''
    for await (const chunk of streamed.chunks) text += chunk
    expect(text).toContain('"delta":{"role":"assistant","refusal":"I will not."}')
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  it('tells how likely each token was, and which others were, to who asks', async () => {
    const likelihood = (token: string) => ({ token, logprob: -0.5, bytes: null })
    const content = ['Hello', ' there.'].map((token) => ({ ...likelihood(token), top_logprobs: [likelihood(token)] }))
    const asked = { ...chat, logprobs: true, top_logprobs: 1 }
    const whole = await models.passThrough(asked, { scope })
    if (whole.kind !== 'body') throw new TypeError('not a body')
    expect(JSON.parse(whole.body)).toMatchObject({ choices: [{ logprobs: { content, refusal: null } }] })
    expect(sent()).toMatchObject({ include: ['message.output_text.logprobs'], top_logprobs: 1 })
    const streamed = await models.passThrough({ ...asked, stream: true }, { scope })
    if (streamed.kind !== 'stream') throw new TypeError('not a stream')
    const chunks: string[] = []
    for await (const chunk of streamed.chunks) chunks.push(chunk)
    const told = chunks.flatMap((chunk) => (chunk.includes('"content":[') ? [JSON.parse(chunk.slice('data: '.length))] : []))
    expect(told.map(({ choices }) => choices[0].logprobs.content[0])).toEqual(content)
    expect(server.refusals).toEqual([])
  })

  it('refuses what the wire has no place for, names what it leaves out, and is not taken for able', async () => {
    expect(await failureOf(models.passThrough({ ...chat, stop: 'END' }, { scope }))).toMatchObject({ param: 'stop' })
    expect(await failureOf(models.passThrough({ ...chat, n: 2 }, { scope }))).toMatchObject({ param: 'n' })
    const model = models.get('openai/test-model')
    expect(model?.capabilities).toEqual(['chat', 'tools', 'json_schema', 'vision', 'sampling', 'logprobs'])
    expect(model?.lacksStopSequences).toBe(true)
    expect(ignoredChatFields({ ...chat, seed: 1, temperature: 0 }, model)).toEqual(['seed'])
  })

  it.each<[string, Parameters<ModelServer['script']>[0], object]>([
    [
      'refuses',
      { kind: 'error', status: 429, code: 'rate_limit_exceeded', headers: { 'retry-after': '3' } },
      { code: 'rate_limit_exceeded', retryAfterMs: 3_000 },
    ],
    [
      'fails',
      { kind: 'stream_error', chunks: ['a'], type: 'server_error', message: 'fell over' },
      { code: 'upstream_error', message: expect.stringContaining('fell over') },
    ],
    ['ends too early', { kind: 'unfinished', chunks: ['a'] }, { code: 'upstream_error', isRetryable: true }],
    ['is cut', { kind: 'cut', chunks: ['a'] }, { code: 'upstream_error' }],
    ['falls silent', { kind: 'stall', chunks: ['a'] }, { code: 'timeout' }],
  ])('is a typed failure when it %s', async (_, reply, failure) => {
    server.script(reply)
    expect(await failureOf(collect(models.stream(ask(), { scope, attemptsMax: 1 })))).toMatchObject(failure)
  })

  it('is cancelled upstream when the reader leaves', async () => {
    server.script({ kind: 'text', chunks: ['a', 'b', 'c', 'd'], delayMs: 200 })
    const before = server.abortedCount()
    for await (const event of models.stream(ask(), { scope })) if (event.type === 'text') break
    await server.sawAborts(before + 1)
  })
})
