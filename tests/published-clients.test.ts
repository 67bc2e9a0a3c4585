import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { HumanMessage } from '@langchain/core/messages'
import { ChatOpenAI } from '@langchain/openai'
import { type ModelServer, startAnthropicServer, startOpenAiServer } from '@weft/models/testing'
import { generateText, streamText } from 'ai'
import { retrieveAndAnswer } from './mesh/retrieve-and-answer.ts'
import { openAiClient, sharedMesh, storeOf, weftOf } from './mesh/shared-mesh.ts'

const question = 'Where do swifts sleep?'
let storeId: string
let openAi: ModelServer
let anthropic: ModelServer

beforeAll(async () => {
  const { openAiPort, anthropicPort } = sharedMesh()
  openAi = await startOpenAiServer({
    port: openAiPort,
    models: ['test-model'],
    reply: { kind: 'text', chunks: ['Swifts sleep ', 'on the wing [1].'] },
  })
  anthropic = await startAnthropicServer({
    port: anthropicPort,
    models: ['claude-test'],
    reply: { kind: 'text', chunks: ['Swifts sleep ', 'on the wing [1].'] },
  })
  storeId = await storeOf('birds', { 'swifts.md': 'Swifts sleep on the wing, high above the ground. They land only to breed.' })
})

afterAll(async () => {
  await openAi.stop()
  await anthropic.stop()
})

describe('the published clients', () => {
  it('openai: its stream helper accepts every chunk and ends with the whole message', async () => {
    const stream = openAiClient().chat.completions.stream({ model: 'weft/auto', messages: [{ role: 'user', content: question }] })
    const final = await stream.finalChatCompletion()
    expect(final.choices[0]?.finish_reason).toBe('stop')
    expect(final.choices[0]?.message.content).toContain('on the wing')
  })

  it('openai: models are listed and found, and an unknown one is its NotFoundError', async () => {
    const ids = (await openAiClient().models.list()).data.map((model) => model.id)
    expect(ids).toEqual(expect.arrayContaining(['weft/auto', 'weft/search', 'offline/extractive']))
    expect((await openAiClient().models.retrieve('weft/auto')).object).toBe('model')
    await expect(openAiClient().models.retrieve('weft/nothing')).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
  })

  it('ai with @ai-sdk/openai-compatible: generates and streams', async () => {
    const { url, apiKey } = sharedMesh()
    const weft = createOpenAICompatible({ name: 'weft', baseURL: `${url}/v1`, apiKey })
    const { text } = await generateText({ model: weft('weft/auto'), prompt: question })
    expect(text).toContain('on the wing')
    let streamed = ''
    for await (const delta of streamText({ model: weft('weft/auto'), prompt: question }).textStream) streamed += delta
    expect(streamed).toBe(text)
  })

  it('@langchain/openai: invokes and streams', async () => {
    const { url, apiKey } = sharedMesh()
    const model = new ChatOpenAI({ model: 'weft/auto', apiKey, configuration: { baseURL: `${url}/v1` }, maxRetries: 0 })
    const answer = await model.invoke([new HumanMessage(question)])
    expect(answer.text).toContain('on the wing')
    let streamed = ''
    for await (const chunk of await model.stream([new HumanMessage(question)])) streamed += chunk.text
    expect(streamed).toContain('on the wing')
  })
})

describe('real wires behind the mesh', () => {
  it.each(['openai/test-model', 'anthropic/claude-test'])('%s answers directly, streamed and not, with usage', async (model) => {
    const client = openAiClient()
    const whole = await client.chat.completions.create({ model, messages: [{ role: 'user', content: question }] })
    expect(whole.choices[0]?.message.content).toBe('Swifts sleep on the wing [1].')
    expect(whole.usage?.total_tokens).toBeGreaterThan(0)
    const streamed = await client.chat.completions
      .stream({ model, messages: [{ role: 'user', content: question }] })
      .finalContent()
    expect(streamed).toBe('Swifts sleep on the wing [1].')
  })

  it.each(['openai/test-model', 'anthropic/claude-test'])(
    '%s answers a workflow, its citation verified like the offline model’s',
    async (model) => {
      const body = {
        model: 'weft/auto',
        messages: [{ role: 'user' as const, content: question }],
        weft: { vectorStoreIds: [storeId], plan: retrieveAndAnswer(question, model) },
      }
      const answer = await openAiClient().chat.completions.create(body)
      const weft = weftOf(answer)
      expect(answer.choices[0]?.message.content).toBe('Swifts sleep on the wing [1].')
      expect(weft.citations).toMatchObject([{ filename: 'swifts.md', quote: expect.stringContaining('sleep on the wing') }])
      expect(weft.degraded).not.toContain('offline_model')
    },
  )

  it('an upstream’s refusal keeps its status, and its rate limit its retry-after', async () => {
    openAi.script({ kind: 'error', status: 429, code: 'rate_limit_exceeded', headers: { 'retry-after': '3' } })
    const refused = openAiClient().chat.completions.create({
      model: 'openai/test-model',
      messages: [{ role: 'user', content: 'x' }],
    })
    await expect(refused).rejects.toMatchObject({ status: 429 })
  })

  it('a client that leaves ends the call upstream', async () => {
    openAi.script({ kind: 'stall', chunks: ['a'] })
    const before = openAi.abortedCount()
    const stream = await openAiClient().chat.completions.create({
      model: 'openai/test-model',
      stream: true,
      messages: [{ role: 'user', content: 'x' }],
    })
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break
    await openAi.sawAborts(before + 1)
  })

  it('nothing malformed ever reached an upstream', () => {
    expect([...openAi.refusals, ...anthropic.refusals]).toEqual([])
  })
})
