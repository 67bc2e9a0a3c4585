import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createTestModels, type TestModels } from '../testing/test-models.ts'
import { collect, failureOf } from '../testing/collect-events.ts'
import { tools, weather, withToolResult } from '../testing/tool-conversation.ts'

let test: TestModels
beforeAll(async () => {
  test = await createTestModels()
})
afterAll(() => test.stop())

const ask = (more: object = {}) => ({ model: 'openai/test-model', messages: [{ role: 'user' as const, content: 'Hi' }], ...more })

describe('a model on OpenAI’s wire', () => {
  it('streams its text as it comes, then the finish, then the measured usage', async () => {
    test.openai.script({
      kind: 'text',
      chunks: ['Wool', ' is', ' spun.'],
      reasoning: 'thinking',
      inputTokens: 20,
      outputTokens: 5,
      cachedTokens: 8,
    })
    expect(await collect(test.models.stream(ask()))).toEqual([
      { type: 'reasoning', delta: 'thinking' },
      { type: 'text', delta: 'Wool' },
      { type: 'text', delta: ' is' },
      { type: 'text', delta: ' spun.' },
      { type: 'finish', reason: 'stop' },
      {
        type: 'usage',
        inputTokens: 20,
        outputTokens: 5,
        cachedInputTokens: 8,
        reasoningTokens: 0,
        costUsd: 0,
        measured: true,
        priceKnown: false,
      },
    ])
  })

  it('sends every option in a form the strict server accepts', async () => {
    const answer = await test.models.complete(
      ask({
        maxOutputTokens: 50,
        temperature: 0.5,
        topP: 0.9,
        stop: ['END'],
        seed: 7,
        user: 'u1',
        reasoningEffort: 'low',
        tools,
        toolChoice: 'auto',
        parallelToolCalls: false,
        responseFormat: { type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' } } },
      }),
    )
    expect(answer).toMatchObject({ text: 'Hello there.', finishReason: 'stop' })
    expect(test.openai.requests.at(-1)?.body).toMatchObject({
      max_tokens: 50,
      temperature: 0.5,
      stop: ['END'],
      seed: 7,
      stream_options: { include_usage: true },
    })
    expect(test.openai.refusals).toEqual([])
  })

  it('estimates the usage when the server does not count, and says so', async () => {
    test.openai.script({ kind: 'text', chunks: ['12345678'], withoutUsage: true })
    const { usage } = await test.models.complete(ask({ messages: [{ role: 'user', content: 'a question of 28 characters.' }] }))
    expect(usage).toEqual({ inputTokens: 7, outputTokens: 2, costUsd: 0, measured: false, priceKnown: false })
  })

  it('hands on parallel tool calls piece by piece, and sends their results back', async () => {
    test.openai.script({ kind: 'tool_calls', text: 'Looking.', calls: [weather('call_1', 'Oslo'), weather('call_2', 'Rome')] })
    const answer = await test.models.complete(ask({ tools }))
    expect(answer).toMatchObject({
      text: 'Looking.',
      finishReason: 'tool_calls',
      toolCalls: [weather('call_1', 'Oslo'), weather('call_2', 'Rome')],
    })
    await test.models.complete(ask({ messages: withToolResult, tools }))
    expect(test.openai.refusals).toEqual([])
  })

  it('keeps its connection for the next call', async () => {
    await test.models.complete(ask())
    const connections = test.openai.connectionCount()
    await test.models.complete(ask())
    expect(test.openai.connectionCount()).toBe(connections)
  })
})

describe('a call that fails on OpenAI’s wire', () => {
  it.each([
    [
      { status: 400, code: 'context_length_exceeded' },
      { code: 'context_length_exceeded', isRetryable: false },
    ],
    [
      { status: 400, message: "This model's maximum context length is 10 tokens" },
      { code: 'context_length_exceeded', isRetryable: false },
    ],
    [
      { status: 400, code: 'content_filter' },
      { code: 'content_filter', isRetryable: false },
    ],
    [
      { status: 400, message: 'bad' },
      { code: 'invalid_request', isRetryable: false },
    ],
    [
      { status: 401, message: 'Incorrect API key provided: sk-secret' },
      { code: 'authentication', isRetryable: false },
    ],
    [{ status: 403 }, { code: 'permission', isRetryable: false }],
    [
      { status: 404, code: 'model_not_found' },
      { code: 'model_not_found', isRetryable: false },
    ],
    [{ status: 408 }, { code: 'timeout', isRetryable: true }],
    [
      { status: 429, headers: { 'retry-after': '3' } },
      { code: 'rate_limit_exceeded', isRetryable: true, retryAfterMs: 3_000 },
    ],
    [
      { status: 429, headers: { 'retry-after-ms': '250', 'retry-after': '3' } },
      { code: 'rate_limit_exceeded', retryAfterMs: 250 },
    ],
    [
      { status: 429, code: 'insufficient_quota' },
      { code: 'rate_limit_exceeded', isRetryable: false },
    ],
    [{ status: 500 }, { code: 'upstream_error', isRetryable: true, upstreamStatus: 500 }],
    [
      { status: 503, headers: { 'retry-after': '1' } },
      { code: 'upstream_error', isRetryable: true, retryAfterMs: 1_000 },
    ],
  ])('%j is told apart, after one attempt', async (reply, error) => {
    const before = test.openai.requests.length
    test.openai.script({ kind: 'error', ...reply })
    expect(await failureOf(test.models.complete(ask()))).toMatchObject(error)
    expect(test.openai.requests.length).toBe(before + 1)
  })

  it('reads a retry-after that is a date', async () => {
    test.openai.script({ kind: 'error', status: 429, headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() } })
    const { retryAfterMs } = await failureOf(test.models.complete(ask()))
    expect(retryAfterMs).toBeGreaterThan(50_000)
    expect(retryAfterMs).toBeLessThanOrEqual(60_000)
  })

  it('names the variable of a refused key and never the key', async () => {
    test.openai.script({ kind: 'error', status: 401, message: 'Incorrect API key provided: test-key' })
    const error = await failureOf(test.models.complete(ask()))
    expect(error.message).toBe('openai refused the API key; check OPENAI_API_KEY')
    expect(error.toWeftError()).toMatchObject({ code: 'upstream_error', isRetryable: false })
  })

  it.each([
    [{ kind: 'cut' as const, chunks: ['Half'] }],
    [{ kind: 'unfinished' as const, chunks: ['Half'] }],
    [{ kind: 'stream_error' as const, chunks: ['Half'], type: 'server_error', message: 'overloaded' }],
  ])('%j throws after the text that came: no silent end', async (reply) => {
    test.openai.script(reply)
    const texts: string[] = []
    const failure = await failureOf(collect(test.models.stream(ask()), texts))
    expect(texts).toEqual(['Half'])
    expect(failure).toMatchObject({ code: 'upstream_error', isRetryable: true })
  })

  it('says who does not answer when nobody listens', async () => {
    const { url } = test.openai
    const dead = await createTestModels({ OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' })
    expect(await failureOf(dead.models.complete(ask()))).toMatchObject({
      code: 'upstream_error',
      isRetryable: true,
      message: expect.stringContaining('127.0.0.1:9'),
    })
    await dead.stop()
    expect(url).toContain('127.0.0.1')
  })
})

describe('a call that is given up', () => {
  it('is cancelled upstream when the caller aborts', async () => {
    test.openai.script({ kind: 'stall', chunks: ['One'] })
    const caller = new AbortController()
    const before = test.openai.abortedCount()
    const failure = failureOf(
      (async () => {
        for await (const event of test.models.stream(ask(), { signal: caller.signal })) if (event.type === 'text') caller.abort()
      })(),
    )
    expect(await failure).toMatchObject({ code: 'cancelled', isRetryable: false })
    await test.openai.sawAborts(before + 1)
  })

  it('is cancelled upstream when the reader stops early', async () => {
    test.openai.script({ kind: 'stall', chunks: ['One'] })
    const before = test.openai.abortedCount()
    for await (const _ of test.models.stream(ask())) break
    await test.openai.sawAborts(before + 1)
  })

  it('never reaches the provider when it is aborted before it starts', async () => {
    const before = test.openai.requests.length
    expect(await failureOf(test.models.complete(ask(), { signal: AbortSignal.abort() }))).toMatchObject({ code: 'cancelled' })
    expect(test.openai.requests.length).toBe(before)
  })

  it('times out without a first token, and between tokens, and is cancelled upstream', async () => {
    const hasty = await createTestModels({}, { firstTokenMs: 60, betweenTokensMs: 40 })
    hasty.openai.script({ kind: 'text', chunks: ['late'], delayMs: 200 }, { kind: 'stall', chunks: ['One'] })
    expect(await failureOf(hasty.models.complete(ask()))).toMatchObject({
      code: 'timeout',
      isRetryable: true,
      message: expect.stringContaining('60 ms'),
    })
    expect(await failureOf(hasty.models.complete(ask()))).toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('40 ms'),
    })
    await hasty.openai.sawAborts(2)
    await hasty.stop()
  })
})
