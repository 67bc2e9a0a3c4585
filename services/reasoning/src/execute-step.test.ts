import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { AgentCard, type AgentEvent, WeftError } from '@weft/contracts'
import { createModels, ModelError, type Models } from '@weft/models'
import { type ModelServer, startOpenAiServer } from '@weft/models/testing'
import { card } from './core/card.ts'
import { citationOf, failed, retrieved, runStep, silk, wool } from './testing/run-step.ts'

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

it('shows a card that the contract accepts', () => {
  expect(AgentCard.parse(card).capabilities.map(({ name }) => name)).toEqual(['reason', 'synthesize'])
})

describe('reason', () => {
  it('streams the model’s answer to the conversation; the deltas joined are the result', async () => {
    const { text, result, events } = await runStep({
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

  it('says so when the model answers without a word', async () => {
    server.script({ kind: 'tool_calls', calls: [{ id: 'call_1', name: 'look', arguments: '{}' }] })
    const { text, result } = await runStep({ models: online, capability: 'reason' })
    expect(text).toBe('')
    expect(result).toMatchObject({ output: { text: '', degraded: ['empty_answer'] } })
  })

  it('tells what a call has used that broke off', async () => {
    server.script({ kind: 'cut', chunks: ['Half of an answer'] })
    const events: AgentEvent[] = []
    const step = runStep({ models: online, capability: 'reason', onEvent: (event) => events.push(event) })
    await expect(step).rejects.toThrow('does not answer')
    expect(events.filter(({ type }) => type === 'usage')).toMatchObject([
      { model: 'openai/test-model', outputTokens: 5, measured: false },
    ])
  })

  it('says that it is offline, in words and in the result', async () => {
    const { text, result } = await runStep({ models: offline, capability: 'reason' })
    expect(text).toContain('offline extractive model')
    expect(result).toMatchObject({ output: { text, degraded: ['offline_model'] }, confidence: 0 })
  })

  it('answers offline from what the steps before have found, with citations', async () => {
    const dependencies = { a: retrieved('wool', wool, silk) }
    const params = { question: 'What keeps warm even when wet?' }
    const { text, result } = await runStep({ models: offline, capability: 'reason', dependencies, params })
    expect(text).toMatch(/^Wool keeps warm even when wet\. \[1\]/)
    expect(result).toMatchObject({ citations: [{ filename: 'wool.md' }], confidence: 1 })
  })

  it('says offline that what the steps before have found does not answer, and what they say without a source', async () => {
    const foreign = await runStep({
      models: offline,
      capability: 'reason',
      dependencies: { a: retrieved('wool', wool) },
      params: { question: 'Which tariff applies to copper?' },
    })
    expect(foreign.result).toMatchObject({ output: { degraded: ['offline_model', 'no_evidence'] }, confidence: 0 })
    const said = { a: { status: 'succeeded' as const, output: { text: 'Copper costs 9' }, citations: [] } }
    const { text } = await runStep({ models: offline, capability: 'reason', dependencies: said })
    expect(text).toBe('Without a source, step “a” says: Copper costs 9.')
  })

  it('does not take words of a plain conversation for a lack of evidence', async () => {
    const text = 'I found no evidence is what a juror says.'
    server.script({ kind: 'text', chunks: [text] }, { kind: 'text', chunks: [text] })
    const plain = await runStep({ models: online, capability: 'reason' })
    expect(plain).toMatchObject({ text, result: { output: { text } } })
    expect(plain.result.output).not.toHaveProperty('degraded')
    const dependencies = { a: { status: 'succeeded' as const, output: { text: 'Nothing.' }, citations: [] } }
    const handed = await runStep({ models: online, capability: 'reason', dependencies })
    expect(handed.result.output).toMatchObject({ degraded: ['no_evidence'] })
  })

  it('answers without what its model cannot see, and says so', async () => {
    const blind = { id: 'openai/blind', provider: 'openai', priceKnown: true, capabilities: ['chat'] }
    const models: Models = { ...online, get: () => blind }
    const attachments = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }]
    const { result } = await runStep({ models, capability: 'reason', attachments })
    expect(JSON.stringify(server.requests.at(-1)?.body.messages)).not.toContain('image_url')
    expect(result.output).toMatchObject({ degraded: ['attachments_left_out'] })
  })

  it('says that what the steps before say did not fit its model', async () => {
    const small = { id: 'openai/small', provider: 'openai', priceKnown: true, contextTokens: 2_000 }
    const models: Models = { ...online, get: () => small }
    const said = { a: { status: 'succeeded' as const, output: { text: 'Copper costs 9. '.repeat(1_000) }, citations: [] } }
    const { result } = await runStep({ models, capability: 'reason', dependencies: said })
    expect(result.output).toMatchObject({ degraded: ['statements_cut'] })
  })

  it('gives the model the texts of the steps before as data that cannot close its mark', async () => {
    const dependencies = {
      a: { status: 'succeeded' as const, output: { text: 'Found </statement> this.' }, citations: [] },
      b: failed,
    }
    const { result } = await runStep({
      models: online,
      capability: 'reason',
      dependencies,
      params: { question: 'So?', instructions: 'Be brief.' },
    })
    expect(server.requests.at(-1)?.body.messages).toEqual([
      {
        role: 'system',
        content: expect.stringMatching(
          /^Be brief\.\n\nResults of the steps before.*\n<statements>\n<statement by="a">\nFound &lt;\/statement> this\.\n<\/statement>\n<\/statements>$/s,
        ),
      },
      { role: 'user', content: 'So?' },
    ])
    expect(result).toMatchObject({ output: { degraded: ['step_skipped:b'] } })
  })

  it('cites again what the steps before have cited, under one numbering, and drops numbers that no source supports', async () => {
    const dependencies = {
      a: { status: 'succeeded' as const, output: { text: 'Wool is warm [1].' }, citations: [citationOf(wool)] },
      b: { status: 'succeeded' as const, output: { text: 'Silk is cool [1].' }, citations: [citationOf(silk)] },
    }
    server.script({ kind: 'text', chunks: ['Silk is strong and keeps cool [2]. Wool keeps warm [1', ']. Nylon melts [2].'] })
    const { text, result } = await runStep({ models: online, capability: 'reason', dependencies })
    const prompt = JSON.stringify(server.requests.at(-1)?.body.messages)
    expect(prompt).toContain('<statement by=\\"b\\">\\nSilk is cool [2].\\n</statement>')
    expect(text).toBe('Silk is strong and keeps cool [1]. Wool keeps warm [2]. Nylon melts.')
    expect(result.citations.map(({ index, filename }) => [index, filename])).toEqual([
      [1, 'silk.md'],
      [2, 'wool.md'],
    ])
    expect(result.output).toMatchObject({ degraded: ['unsupported_citation'] })
  })

  it('marks an answer that was cut at its limit', async () => {
    server.script({ kind: 'text', chunks: ['Half an'], finishReason: 'length' })
    const { result } = await runStep({ models: online, capability: 'reason' })
    expect(result).toMatchObject({ output: { text: 'Half an', degraded: ['answer_truncated'] } })
  })

  it('lets a failed call be tried again only when that may help', async () => {
    const unavailable = { kind: 'error' as const, status: 503 }
    server.script(unavailable, unavailable, unavailable, { kind: 'error', status: 401 })
    await expect(runStep({ models: online, capability: 'reason' })).rejects.toMatchObject({
      code: 'upstream_error',
      isRetryable: true,
    })
    await expect(runStep({ models: online, capability: 'reason' })).rejects.toMatchObject({
      code: 'upstream_error',
      isRetryable: false,
    })
  })

  it('is cancelled upstream with its step', async () => {
    server.script({ kind: 'stall', chunks: ['One'] })
    const before = server.abortedCount()
    const step = new AbortController()
    const running = runStep({
      models: online,
      capability: 'reason',
      signal: step.signal,
      onEvent: ({ type }) => type === 'text' && step.abort(),
    })
    await expect(running).rejects.toBeInstanceOf(WeftError)
    await server.sawAborts(before + 1)
  })
})

it('refuses a capability it does not have', async () => {
  await expect(runStep({ models: offline, capability: 'fly' })).rejects.toMatchObject({ code: 'invalid_request' })
})

it('asks its approvers where a budget that asks has no room', async () => {
  const reserve = () => {
    throw new ModelError('budget_exceeded', 'no room', { budget: { id: 'bud_1', onBreach: 'ask', worstNano: 5_000_000 } })
  }
  const settings = { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: server.url }
  const bounded = createModels({ settings, telemetry, controls: { budgets: { reserve } } })
  const events: AgentEvent[] = []
  await runStep({ models: bounded, capability: 'reason', onEvent: (event) => events.push(event) }).catch(() => undefined)
  expect(events).toMatchObject([{ type: 'needs_approval', args: { budgetId: 'bud_1', mayCostUsd: 0.005 } }])
  await bounded.stop()
})
