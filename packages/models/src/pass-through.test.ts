import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { parseJson } from '@weft/contracts'
import { z } from 'zod'
import type { ModelUsage } from './model-event.ts'
import type { PassThroughAnswer } from './pass-through.ts'
import { failureOf } from './testing/collect-events.ts'
import { createTestModels, type TestModels } from './testing/test-models.ts'
import { tools, weather } from './testing/tool-conversation.ts'

let test: TestModels
beforeAll(async () => {
  test = await createTestModels()
})
afterAll(() => test.stop())

const Chunk = z.looseObject({
  id: z.string(),
  object: z.literal('chat.completion.chunk'),
  created: z.int(),
  model: z.string(),
  choices: z.array(z.looseObject({})),
})
const Body = z.looseObject({ model: z.string(), object: z.literal('chat.completion'), choices: z.array(z.looseObject({})) })
const everyProvider = ['openai/test-model', 'anthropic/claude-test', 'offline/extractive']
const ask = (model: string, more: object = {}) => ({ model, messages: [{ role: 'user', content: 'Hello' }], ...more })
const streamed = { stream: true }

async function readStream(answer: PassThroughAnswer) {
  if (answer.kind !== 'stream') throw new TypeError('not a stream')
  let text = ''
  for await (const piece of answer.chunks) text += piece
  const events = text.split('\n\n').slice(0, -1)
  return {
    events,
    chunks: events.slice(0, -1).map((event) => parseJson(Chunk, event.slice('data: '.length), 'a chunk')),
    usage: answer.usage(),
  }
}

describe.each(everyProvider)('%s passed through', (model) => {
  it('streams chunks of one id under the public model id: role first, a finish, then [DONE]', async () => {
    const { events, chunks, usage } = await readStream(await test.models.passThrough(ask(model, streamed)))
    expect(events.every((event) => event.startsWith('data: '))).toBe(true)
    expect(events.at(-1)).toBe('data: [DONE]')
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1)
    expect(new Set(chunks.map((chunk) => chunk.model))).toEqual(new Set([model]))
    expect(chunks[0]?.choices[0]).toMatchObject({ delta: { role: 'assistant' } })
    expect(chunks.at(-1)?.choices[0]).toMatchObject({ finish_reason: 'stop' })
    expect(chunks.some((chunk) => 'usage' in chunk)).toBe(false)
    expect(usage).toMatchObject({ costUsd: 0, inputTokens: expect.any(Number), outputTokens: expect.any(Number) })
  })

  it('sends usage in a chunk of its own only when it is asked for', async () => {
    const { chunks } = await readStream(
      await test.models.passThrough(ask(model, { ...streamed, stream_options: { include_usage: true } })),
    )
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } })
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true)
  })

  it('answers whole under the public model id, with usage', async () => {
    const answer = await test.models.passThrough(ask(model))
    if (answer.kind !== 'body') throw new TypeError('not a body')
    const body = parseJson(Body, answer.body, 'the answer')
    expect(body.model).toBe(model)
    expect(body.choices[0]).toMatchObject({
      index: 0,
      finish_reason: 'stop',
      message: { role: 'assistant', content: expect.stringContaining('Hello') },
    })
    expect(body.usage).toMatchObject({ total_tokens: answer.usage.inputTokens + answer.usage.outputTokens })
  })
})

describe('OpenAI’s wire passed through', () => {
  it('keeps the fields it does not know and drops Weft’s own', async () => {
    await test.models.passThrough(ask('openai/test-model', { seed: 3, presence_penalty: 1, weft: { mode: 'x' } }))
    expect(test.openai.requests.at(-1)?.body).toEqual({
      model: 'test-model',
      messages: [{ role: 'user', content: 'Hello' }],
      seed: 3,
      presence_penalty: 1,
    })
  })

  it('names the limit of an answer as the server knows it', async () => {
    await test.models.passThrough(ask('openai/test-model', { max_completion_tokens: 9 }))
    expect(test.openai.requests.at(-1)?.body).toMatchObject({ max_tokens: 9 })
  })

  it('counts usage that the client did not ask for', async () => {
    test.openai.script({ kind: 'text', chunks: ['a'], inputTokens: 100, outputTokens: 10, cachedTokens: 40 })
    const { usage } = await readStream(await test.models.passThrough(ask('openai/test-model', streamed)))
    expect(usage).toMatchObject({ inputTokens: 100, outputTokens: 10, cachedInputTokens: 40, measured: true })
  })

  it('leaves text that looks like the wire’s own fields alone', async () => {
    const tricky = '{"model":"x","usage":{"a":1},"error":{"b":2}} $& data: [DONE]\n\ndata: {}\n\n'
    test.openai.script({ kind: 'text', chunks: [tricky, 'ü', '€'] })
    const { chunks } = await readStream(await test.models.passThrough(ask('openai/test-model', streamed)))
    const Delta = z.object({ delta: z.object({ content: z.string().optional() }) })
    const text = chunks
      .flatMap((chunk) => chunk.choices)
      .map((choice) => Delta.parse(choice).delta.content ?? '')
      .join('')
    expect(text).toBe(`${tricky}ü€`)
  })

  it('hands tool calls through', async () => {
    test.openai.script({ kind: 'tool_calls', calls: [weather('call_1', 'Oslo')] })
    const { chunks } = await readStream(await test.models.passThrough(ask('openai/test-model', { ...streamed, tools })))
    expect(chunks.at(-1)?.choices[0]).toMatchObject({ finish_reason: 'tool_calls' })
  })

  it('throws a refusal before anything is streamed, also one sent as the first event', async () => {
    test.openai.script({ kind: 'error', status: 429, headers: { 'retry-after': '2' } }, { kind: 'error', status: 500 })
    expect(await failureOf(test.models.passThrough(ask('openai/test-model', streamed)))).toMatchObject({
      code: 'rate_limit_exceeded',
      retryAfterMs: 2_000,
    })
    expect(await failureOf(test.models.passThrough(ask('openai/test-model')))).toMatchObject({
      code: 'upstream_error',
      upstreamStatus: 500,
    })
  })

  it.each([
    [{ kind: 'cut' as const, chunks: ['Half'] }],
    [{ kind: 'unfinished' as const, chunks: ['Half'] }],
    [{ kind: 'stream_error' as const, chunks: ['Half'], type: 'server_error', message: 'overloaded' }],
  ])('%j breaks the stream with an error and never with [DONE]', async (reply) => {
    test.openai.script(reply)
    const failed: ModelUsage[] = []
    const onFailedUse = (_model: string, usage: ModelUsage) => failed.push(usage)
    const answer = await test.models.passThrough(ask('openai/test-model', streamed), { onFailedUse })
    if (answer.kind !== 'stream') throw new TypeError('not a stream')
    const { chunks } = answer
    let text = ''
    const read = async () => {
      for await (const piece of chunks) text += piece
    }
    expect(await failureOf(read())).toMatchObject({ code: 'upstream_error', isRetryable: true })
    expect(text).toContain('Half')
    expect(text).not.toContain('[DONE]')
    expect(answer.usage()).toBeUndefined()
    expect(failed).toMatchObject([{ measured: false, inputTokens: 2, outputTokens: 1 }])
  })

  it('is cancelled upstream when the client goes, streaming or not', async () => {
    const before = test.openai.abortedCount()
    test.openai.script({ kind: 'stall', chunks: ['One'] }, { kind: 'stall', chunks: [] })
    const answer = await test.models.passThrough(ask('openai/test-model', streamed))
    if (answer.kind !== 'stream') throw new TypeError('not a stream')
    for await (const _ of answer.chunks) break
    await test.openai.sawAborts(before + 1)
    const caller = new AbortController()
    const failure = failureOf(test.models.passThrough(ask('openai/test-model'), { signal: caller.signal }))
    setTimeout(() => caller.abort(), 20)
    expect(await failure).toMatchObject({ code: 'cancelled' })
    await test.openai.sawAborts(before + 2)
  })

  it('times out when the answer stalls', async () => {
    const hasty = await createTestModels({}, { betweenTokensMs: 40, wholeAnswerMs: 50 })
    hasty.openai.script({ kind: 'stall', chunks: ['One'] }, { kind: 'stall', chunks: [] })
    expect(await failureOf(hasty.models.passThrough(ask('openai/test-model', streamed)).then(readStream))).toMatchObject({
      code: 'timeout',
    })
    expect(await failureOf(hasty.models.passThrough(ask('openai/test-model')))).toMatchObject({ code: 'timeout' })
    await hasty.stop()
  })
})

describe('a pass-through that cannot be', () => {
  it('names the model that is not available, and why', async () => {
    expect(await failureOf(test.models.passThrough(ask('nobody/none')))).toMatchObject({
      code: 'model_not_found',
      param: 'model',
      message: expect.stringContaining('no such provider'),
    })
    expect(await failureOf(test.models.passThrough(ask('offline/other')))).toMatchObject({
      code: 'model_not_found',
      message: expect.stringContaining('this model is not'),
    })
    expect(await failureOf(test.models.passThrough({}))).toMatchObject({ code: 'model_not_found' })
  })

  it('refuses what a translated wire cannot do, by field', async () => {
    expect(await failureOf(test.models.passThrough(ask('anthropic/claude-test', { n: 2 })))).toMatchObject({
      code: 'invalid_request',
      param: 'n',
    })
    expect(await failureOf(test.models.passThrough(ask('anthropic/claude-test', { logprobs: true })))).toMatchObject({
      param: 'logprobs',
    })
    const others = { functions: [{ name: 'f' }], web_search_options: {}, modalities: ['text', 'audio'] }
    for (const [param, value] of Object.entries(others))
      expect(await failureOf(test.models.passThrough(ask('anthropic/claude-test', { [param]: value })))).toMatchObject({ param })
    expect(await failureOf(test.models.passThrough(ask('anthropic/claude-test', { tools: [{ type: 'magic' }] })))).toMatchObject({
      param: 'tools.0.type',
    })
    expect(
      await failureOf(test.models.passThrough(ask('offline/extractive', { response_format: { type: 'json_object' } }))),
    ).toMatchObject({ param: 'response_format' })
  })
})

it('names a model by its id, whichever of its names was asked for and whichever wire it is on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-names-'))
  const file = join(folder, 'models.yaml')
  const more =
    'capabilities: [chat], price: { inputUsd: 1, outputUsd: 1 }, contextTokens: 9000, outputTokensMax: 900, firstTokenMs: 1'
  const entries = [
    `id: openai/test-model, aliases: [relayed], ${more}`,
    `id: anthropic/claude-test, aliases: [translated], ${more}`,
  ]
  writeFileSync(file, `models:\n${entries.map((entry) => `  - { ${entry} }\n`).join('')}`)
  const named = await createTestModels({ WEFT_MODELS_FILE: file })
  const answers = await Promise.all(['relayed', 'translated'].map((name) => named.models.passThrough(ask(name))))
  const names = answers.map((answer) => answer.kind === 'body' && parseJson(Body, answer.body, 'an answer').model)
  expect(names).toEqual(['openai/test-model', 'anthropic/claude-test'])
  await named.stop()
  rmSync(folder, { recursive: true })
})
