import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { tool as langChainTool } from '@langchain/core/tools'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { type ModelServer, startAnthropicServer, startOpenAiServer } from '@weft/models/testing'
import { generateText, type LanguageModel, Output, stepCountIs, streamText, tool } from 'ai'
import { z } from 'zod'
import { openAiClient, sharedMesh, storeOf } from './mesh/shared-mesh.ts'

const question = 'What is the weather in Oslo and Rome?'
const calls = ['Oslo', 'Rome'].map((city, index) => {
  return { id: `call_${index}`, name: 'get_weather', arguments: JSON.stringify({ city }) }
})
const City = z.object({ city: z.string() })
const answer = { kind: 'text' as const, chunks: ['Snow in Oslo, ', 'sun in Rome.'] }

let openAi: ModelServer
let anthropic: ModelServer
beforeAll(async () => {
  const { openAiPort, anthropicPort } = sharedMesh()
  openAi = await startOpenAiServer({ port: openAiPort, models: ['test-model'], reply: answer })
  anthropic = await startAnthropicServer({ port: anthropicPort, models: ['claude-test'], reply: answer })
})
afterAll(async () => {
  await openAi.stop()
  await anthropic.stop()
})

const serverOf = (model: string) => (model.startsWith('openai/') ? openAi : anthropic)
const base = () => ({ baseURL: `${sharedMesh().url}/v1`, apiKey: sharedMesh().apiKey })

describe.each(['openai/test-model', 'anthropic/claude-test'])('tools of the client, called by %s', (model) => {
  let asked: string[]
  beforeEach(() => {
    asked = []
  })
  const weather = (city: string) => {
    asked.push(city)
    return `fine in ${city}`
  }

  it('openai: run by its tool runner, streamed, both calls at once', async () => {
    serverOf(model).script({ kind: 'tool_calls', calls })
    const runner = openAiClient().chat.completions.runTools({
      model,
      stream: true,
      messages: [{ role: 'user', content: question }],
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            description: 'Weather of a city',
            parameters: { type: 'object', properties: { city: { type: 'string' } } },
            parse: (text: string) => City.parse(JSON.parse(text)),
            function: ({ city }: z.infer<typeof City>) => weather(city),
          },
        },
      ],
    })
    expect(await runner.finalContent()).toBe('Snow in Oslo, sun in Rome.')
    expect(asked).toEqual(['Oslo', 'Rome'])
  })

  it.each([
    ['@ai-sdk/openai-compatible, on chat completions', () => createOpenAICompatible({ name: 'weft', ...base() })(model)],
    ['@ai-sdk/openai, on responses as is its default', () => createOpenAI(base())(model)],
    ['@ai-sdk/openai, on chat completions', () => createOpenAI(base()).chat(model)],
  ])('ai with %s: generated and streamed, over two steps', async (_what, connect: () => LanguageModel) => {
    const tools = {
      get_weather: tool({ description: 'Weather of a city', inputSchema: City, execute: async ({ city }) => weather(city) }),
    }
    const options = { model: connect(), prompt: question, tools, stopWhen: stepCountIs(3), maxRetries: 0 }
    serverOf(model).script({ kind: 'tool_calls', calls })
    const whole = await generateText(options)
    expect([whole.text, whole.steps.length]).toEqual(['Snow in Oslo, sun in Rome.', 2])
    serverOf(model).script({ kind: 'tool_calls', calls })
    let streamed = ''
    for await (const delta of streamText(options).textStream) streamed += delta
    expect(streamed).toBe('Snow in Oslo, sun in Rome.')
    expect(asked.toSorted()).toEqual(['Oslo', 'Oslo', 'Rome', 'Rome'])
  })

  it('ai with @ai-sdk/openai: an answer in a schema', async () => {
    serverOf(model).script({ kind: 'text', chunks: ['{"city":', '"Oslo"}'] })
    const { output } = await generateText({
      model: createOpenAI(base())(model),
      prompt: question,
      output: Output.object({ schema: City }),
      maxRetries: 0,
    })
    expect(output).toEqual({ city: 'Oslo' })
  })

  it.each([false, true])('@langchain/openai: tool calls and structured output, on responses: %s', async (useResponsesApi) => {
    const { baseURL, apiKey } = base()
    const chat = new ChatOpenAI({ model, apiKey, configuration: { baseURL }, maxRetries: 0, useResponsesApi })
    const getWeather = langChainTool(async ({ city }) => weather(city), {
      name: 'get_weather',
      description: 'Weather of a city',
      schema: City,
    })
    serverOf(model).script({ kind: 'tool_calls', calls })
    const asks = await chat.bindTools([getWeather]).invoke(question)
    expect(asks.tool_calls?.map(({ id, args }) => ({ id, args }))).toEqual(
      calls.map(({ id, arguments: text }) => ({ id, args: JSON.parse(text) })),
    )
    serverOf(model).script({ kind: 'text', chunks: ['{"city":"Rome"}'] })
    const structured = chat.withStructuredOutput(City, { name: 'city', method: 'jsonSchema', strict: true })
    expect(await structured.invoke(question)).toEqual({ city: 'Rome' })
  })
})

describe('embeddings by the published clients', () => {
  it('openai: in base64 as it asks by default, and as numbers', async () => {
    const { embeddings } = openAiClient()
    const asked = await embeddings.create({ model: 'openai/embedder', input: ['one', 'three'] })
    const numbers = await embeddings.create({ model: 'openai/embedder', input: ['one', 'three'], encoding_format: 'float' })
    expect(asked.data.map(({ embedding }) => embedding)).toEqual([
      [3, 1, 2, 3],
      [5, 1, 2, 3],
    ])
    expect(numbers.data).toEqual(asked.data)
  })

  it('@langchain/openai: of documents and of a question', async () => {
    const { baseURL, apiKey } = base()
    const embeddings = new OpenAIEmbeddings({ model: 'openai/embedder', apiKey, configuration: { baseURL }, maxRetries: 0 })
    expect(await embeddings.embedDocuments(['one', 'three'])).toHaveLength(2)
    expect(await embeddings.embedQuery('one')).toEqual([3, 1, 2, 3])
  })
})

describe('a workflow on the wire of responses', () => {
  it('openai: streams to a whole response, which the next one goes on with', async () => {
    const { responses } = openAiClient()
    const first = await responses.stream({ model: 'weft/direct', input: 'Name a bird.' }).finalResponse()
    expect(first).toMatchObject({ status: 'completed', model: 'weft/direct' })
    expect(first.output_text).not.toBe('')
    const next = await responses.create({ model: 'weft/direct', input: 'And another.', previous_response_id: first.id })
    expect(next).toMatchObject({ status: 'completed', weft: { turn: 2 } })
  })

  it('openai: works in the background on what its tool file_search names, and is asked for until it is done', async () => {
    const { responses } = openAiClient()
    const storeId = await storeOf('parrots', { 'kea.md': 'The kea is a parrot that lives in the mountains of New Zealand.' })
    const begun = await responses.create({
      model: 'weft/search',
      input: 'Where does the kea live?',
      background: true,
      tools: [{ type: 'file_search', vector_store_ids: [storeId] }],
      include: ['file_search_call.results'],
    })
    expect(begun).toMatchObject({ status: 'queued', background: true, output: [] })
    let last = begun
    while (last.status === 'queued' || last.status === 'in_progress') {
      await new Promise((resolve) => setTimeout(resolve, 100))
      last = await responses.retrieve(begun.id, { include: ['file_search_call.results'] })
    }
    expect(last).toMatchObject({ status: 'completed', background: true, weft: { citations: [{ filename: 'kea.md' }] } })
    expect(last.output_text).toContain('mountains of New Zealand')
    expect(last.output).toMatchObject([
      {
        type: 'file_search_call',
        status: 'completed',
        queries: ['Where does the kea live?'],
        results: [{ filename: 'kea.md', text: expect.stringContaining('The kea is a parrot'), attributes: {} }],
      },
      { type: 'message' },
    ])
    expect(await responses.cancel(begun.id)).toMatchObject({ status: 'completed' })
    const tools = [{ type: 'file_search' as const, vector_store_ids: ['vs_nothing'] }]
    const refused = responses.create({ model: 'weft/search', input: 'x', background: true, tools })
    await expect(refused).rejects.toMatchObject({ status: 404, param: 'tools' })
  })

  it('ai with @ai-sdk/openai: is told of the search that its tool asked for, and goes on after it', async () => {
    const openai = createOpenAI(base())
    const storeId = await storeOf('owls', { 'morepork.md': 'The morepork is an owl that lives in the forests of New Zealand.' })
    const tools = { file_search: openai.tools.fileSearch({ vectorStoreIds: [storeId] }) }
    const question = { role: 'user' as const, content: 'Where does the morepork live?' }
    const options = { model: openai('weft/search'), tools, maxRetries: 0 }
    const first = await generateText({ ...options, messages: [question] })
    expect(first.toolResults).toMatchObject([{ toolName: 'file_search', output: { queries: [question.content] } }])
    const messages = [
      question,
      ...first.response.messages,
      { role: 'user' as const, content: 'Once more: where does the morepork live?' },
    ]
    expect((await generateText({ ...options, messages })).text).toContain('forests of New Zealand')
  })

  it('ai with @ai-sdk/openai: answers, and takes its own answer back as a reference', async () => {
    const model = createOpenAI(base())('weft/direct')
    const first = await generateText({ model, prompt: 'Name a bird.', maxRetries: 0 })
    const messages = [
      { role: 'user' as const, content: 'Name a bird.' },
      ...first.response.messages,
      { role: 'user' as const, content: 'And another.' },
    ]
    expect((await generateText({ model, messages, maxRetries: 0 })).text).not.toBe('')
  })

  it('a client that leaves a model’s response ends the call upstream', async () => {
    openAi.script({ kind: 'stall', chunks: ['a'] })
    const before = openAi.abortedCount()
    const stream = await openAiClient().responses.create({ model: 'openai/test-model', input: 'x', stream: true })
    for await (const event of stream) if (event.type === 'response.output_text.delta') break
    await openAi.sawAborts(before + 1)
  })
})

it('nothing malformed ever reached an upstream', () => {
  expect([...openAi.refusals, ...anthropic.refusals]).toEqual([])
})
