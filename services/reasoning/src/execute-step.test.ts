import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type AgentEvent, AgentCard, type ExecuteRequest, type Passage, WeftError } from '@weft/contracts'
import { createModels, type Models } from '@weft/models'
import { type ModelServer, startOpenAiServer } from '@weft/models/testing'
import type { VerifyQuotes } from '@weft/retrieval'
import { card } from './core/card.ts'
import { executeStep } from './execute-step.ts'

const telemetry = { logger: { info: () => undefined } }
let server: ModelServer
let offline: Models
let online: Models
beforeAll(async () => {
  server = await startOpenAiServer()
  offline = createModels({ settings: {}, telemetry })
  online = createModels({ settings: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: server.url }, telemetry })
})
afterAll(async () => {
  await offline.stop()
  await online.stop()
  await server.stop()
})

const wool = passage('wool.md', 'Wool keeps warm even when wet. Sheep give wool.')
const silk = passage('silk.md', 'Silk is strong and keeps cool. Moths spin silk.')
const retrieved = (query: string, ...passages: Passage[]) => ({
  status: 'succeeded' as const,
  output: { passages, query },
  citations: [],
})
const failed = { status: 'skipped' as const, citations: [] }

it('shows a card that the contract accepts', () => {
  expect(AgentCard.parse(card).capabilities.map(({ name }) => name)).toEqual(['reason', 'synthesize'])
})

describe('reason', () => {
  it('streams the model’s answer to the conversation; the deltas joined are the result', async () => {
    const { text, result, events } = await run({
      models: online,
      capability: 'reason',
      modelOptions: { temperature: 0.1, max_tokens: 20, tools: [{ type: 'function', function: { name: 'f' } }] },
    })
    expect(text).toBe('Hello there.')
    expect(result).toMatchObject({ output: { text }, citations: [] })
    expect(events.find(({ type }) => type === 'usage')).toMatchObject({
      model: 'openai/test-model',
      inputTokens: 11,
      outputTokens: 7,
      measured: true,
    })
    expect(server.requests.at(-1)?.body).toMatchObject({
      messages: [{ role: 'user', content: 'Compare wool and silk' }],
      temperature: 0.1,
      max_tokens: 20,
    })
    expect(server.requests.at(-1)?.body).not.toHaveProperty('tools')
  })

  it('says that it is offline, in words and in the result', async () => {
    const { text, result } = await run({ models: offline, capability: 'reason' })
    expect(text).toContain('offline extractive model')
    expect(result).toMatchObject({ output: { text, degraded: ['offline_model'] }, confidence: 0 })
  })

  it('gives the model the texts of the steps before as data that cannot close its mark', async () => {
    const dependencies = {
      a: { status: 'succeeded' as const, output: { text: 'Found </result> this.' }, citations: [] },
      b: failed,
    }
    const { result } = await run({
      models: online,
      capability: 'reason',
      dependencies,
      params: { question: 'So?', instructions: 'Be brief.' },
    })
    expect(server.requests.at(-1)?.body.messages).toEqual([
      {
        role: 'system',
        content: expect.stringMatching(
          /^Be brief\.\n\nResults of the steps before.*\n<result step="a">\nFound &lt;\/result> this\.\n<\/result>$/s,
        ),
      },
      { role: 'user', content: 'So?' },
    ])
    expect(result).toMatchObject({ output: { degraded: ['step_skipped:b'] } })
  })

  it('marks an answer that was cut at its limit', async () => {
    server.script({ kind: 'text', chunks: ['Half an'], finishReason: 'length' })
    const { result } = await run({ models: online, capability: 'reason' })
    expect(result).toMatchObject({ output: { text: 'Half an', degraded: ['answer_truncated'] } })
  })

  it('lets a failed call be tried again only when that may help', async () => {
    server.script({ kind: 'error', status: 503 }, { kind: 'error', status: 401 })
    await expect(run({ models: online, capability: 'reason' })).rejects.toMatchObject({
      code: 'upstream_error',
      isRetryable: true,
    })
    await expect(run({ models: online, capability: 'reason' })).rejects.toMatchObject({
      code: 'upstream_error',
      isRetryable: false,
    })
  })

  it('is cancelled upstream with its step', async () => {
    server.script({ kind: 'stall', chunks: ['One'] })
    const before = server.abortedCount()
    const step = new AbortController()
    const running = run({
      models: online,
      capability: 'reason',
      signal: step.signal,
      onEvent: ({ type }) => type === 'text' && step.abort(),
    })
    await expect(running).rejects.toBeInstanceOf(WeftError)
    await server.sawAborts(before + 1)
  })
})

describe('synthesize', () => {
  const dependencies = { w: retrieved('wool', wool), s: retrieved('silk', silk) }
  const params = { question: 'How do wool and silk keep warm or cool?', subjects: ['wool', 'silk'] }

  it('answers from every subject’s passages with verified citations; the deltas joined are the result', async () => {
    const { text, result } = await run({ models: offline, capability: 'synthesize', dependencies, params })
    expect(text).toContain('Wool keeps warm even when wet. [1]')
    expect(text).toContain('Silk is strong and keeps cool. [2]')
    expect(result.output).toEqual({ text, degraded: ['offline_model'] })
    expect(result.citations.slice(0, 2)).toMatchObject([
      { index: 1, fileId: 'wool.md', quote: 'Wool keeps warm even when wet.', verified: true },
      { index: 2, fileId: 'silk.md', quote: 'Silk is strong and keeps cool.', verified: true },
    ])
  })

  it('asks a language model with the same prompt, and drops what it cites wrongly', async () => {
    server.script({
      kind: 'text',
      chunks: ['Wool keeps warm even when wet [1]. ', 'Silk keeps cool [', '2]. Silk is made of steel [7].'],
    })
    const { text, result } = await run({ models: online, capability: 'synthesize', dependencies, params })
    expect(text).toBe('Wool keeps warm even when wet [1]. Silk keeps cool [2]. Silk is made of steel.')
    expect(result).toMatchObject({ output: { text, degraded: ['unsupported_citation'] } })
    expect(JSON.stringify(server.requests.at(-1)?.body.messages)).toContain('about=\\"silk\\"')
  })

  it('says which subject nothing was found on, and which step failed', async () => {
    const partial = { w: retrieved('wool', wool), s: failed, n: retrieved('nylon') }
    const { text, result } = await run({
      models: offline,
      capability: 'synthesize',
      dependencies: partial,
      params: { ...params, subjects: ['wool', 'silk', 'nylon'] },
    })
    expect(text).toContain('Wool keeps warm even when wet. [1]')
    expect(text).toContain('On “silk” the searched documents say nothing.')
    expect(text).toContain('On “nylon” the searched documents say nothing.')
    expect(result.output).toMatchObject({ degraded: ['step_skipped:s', 'offline_model'] })
  })

  it('shows what findings contradict each other in, cites both sides, and says so in the result', async () => {
    const dependencies = {
      a: retrieved('wool', passage('old.md', 'Merino wool shrinks in water of 40 degrees.')),
      b: retrieved('wool', passage('new.md', 'Merino wool shrinks in water of 60 degrees.')),
    }
    const { text, result } = await run({
      models: offline,
      capability: 'synthesize',
      dependencies,
      params: { question: 'In which water does merino wool shrink?' },
    })
    expect(text).toBe(
      'Sources disagree: one says “Merino wool shrinks in water of 40 degrees” [1], another “Merino wool shrinks in water of 60 degrees” [2].',
    )
    expect(result.citations.map(({ filename }) => filename)).toEqual(['old.md', 'new.md'])
    expect(result.output).toMatchObject({ degraded: ['offline_model', 'conflicting_sources'] })
  })

  it('cites again what earlier answers have cited', async () => {
    const citation = {
      index: 1,
      fileId: 'wool.md',
      filename: 'wool.md',
      quote: 'Sheep give wool.',
      start: 31,
      end: 47,
      score: 1,
      verified: true as const,
    }
    const answered = { a: { status: 'succeeded' as const, output: { text: 'Sheep do. [1]' }, citations: [citation] } }
    const { result } = await run({
      models: offline,
      capability: 'synthesize',
      dependencies: answered,
      params: { question: 'Which animals give wool?' },
    })
    expect(result.citations).toEqual([expect.objectContaining({ quote: 'Sheep give wool.', start: 31, end: 47 })])
  })

  it('asks no model when no passage was found', async () => {
    const before = server.requests.length
    const { text, result } = await run({
      models: online,
      capability: 'synthesize',
      dependencies: { w: retrieved('wool') },
      params,
    })
    expect(text).toMatch(/^I found no evidence/)
    expect(result).toMatchObject({ output: { text, degraded: ['no_evidence'] }, citations: [], confidence: 0 })
    expect(server.requests.length).toBe(before)
  })

  it('cites nothing while quotes cannot be verified, and says why', async () => {
    const verify: VerifyQuotes = async () => {
      throw new WeftError('dependency_unavailable', 'the database is not reachable')
    }
    const { text, result } = await run({ models: offline, capability: 'synthesize', dependencies, params, verify })
    expect(text).not.toMatch(/\[\d/)
    expect(result).toMatchObject({
      citations: [],
      output: { degraded: expect.arrayContaining(['database_unavailable', 'no_evidence']) },
    })
  })
})

it('refuses a capability it does not have', async () => {
  await expect(run({ models: offline, capability: 'fly' })).rejects.toMatchObject({ code: 'invalid_request' })
})

interface Given {
  models: Models
  capability: string
  params?: Record<string, unknown>
  dependencies?: ExecuteRequest['dependencies']
  modelOptions?: Record<string, unknown>
  verify?: VerifyQuotes
  signal?: AbortSignal
  onEvent?: (event: AgentEvent) => void
}

async function run(given: Given) {
  const events: AgentEvent[] = []
  const verify: VerifyQuotes = given.verify ?? (async (quotes) => quotes)
  const execute = executeStep({ models: given.models, verifyQuotes: () => verify })
  const emit = (event: AgentEvent) => {
    events.push(event)
    given.onEvent?.(event)
  }
  await execute(requestOf(given), emit, {
    signal: given.signal ?? new AbortController().signal,
    idempotencyKey: 'k',
    tenant: 't',
  })
  const result = events.at(-1)
  if (result?.type !== 'result') throw new TypeError('the last event is no result')
  const text = events.flatMap((event) => (event.type === 'text' ? [event.delta] : [])).join('')
  return { events, result, text }
}

function requestOf({ capability, params = {}, dependencies = {}, modelOptions = {} }: Given): ExecuteRequest {
  return {
    sessionId: 'sess_1',
    turn: 1,
    stepId: 'answer',
    attempt: 1,
    capability,
    params,
    input: { messages: [{ role: 'user', content: 'Compare wool and silk' }] },
    dependencies,
    context: { tenant: 't', modelOptions },
    deadline: new Date(Date.now() + 60_000).toISOString(),
  }
}

function passage(filename: string, text: string): Passage {
  return { chunkId: filename, vectorStoreId: 'vs', fileId: filename, filename, text, start: 0, end: text.length, score: 1 }
}
