import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { parseAnswerPrompt } from '@weft/models'
import { type ModelServer, startOpenAiServer } from '@weft/models/testing'
import OpenAI from 'openai'
import { z } from 'zod'
import { type RunningMesh, startTestMesh } from './mesh/running-mesh.ts'
import { weftOf } from './mesh/shared-mesh.ts'

const header = 'From the yearly report of Contoso for 2031, on its revenue in Norway.'
const growth = 'Revenue grew by three percent against the year before.'
const cause = 'The new ferry line to Bergen explains most of it.'
/** Neither name is in the text: only the header knows whose revenue it is. The chunks are smaller than the section. */
const report = `# Results\n\n${growth} ${'Nothing else of note happened in the first months of the period. '.repeat(5)}\n\n${cause} ${'The second half was as quiet as the first, and nothing was sold. '.repeat(5)}\n`
const chunking = { type: 'static' as const, static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 0 } }

const Prompt = z.object({ messages: z.array(z.object({ role: z.enum(['system', 'user']), content: z.string() })) })

let model: ModelServer
let mesh: RunningMesh
let client: OpenAI
let storeId: string

beforeAll(async () => {
  model = await startOpenAiServer({ reply: { kind: 'text', chunks: [header] } })
  mesh = await startTestMesh({
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: 'test-key',
    WEFT_DEFAULT_MODEL: 'openai/test-model',
    WEFT_CONTEXT_MODEL: 'openai/test-model',
    WEFT_PASSAGE_CHARS: '4000',
  })
  client = new OpenAI({ baseURL: `${mesh.url}/v1`, apiKey: mesh.apiKey, maxRetries: 0 })
  storeId = (await client.vectorStores.create({ name: 'reports' })).id
})
afterAll(async () => {
  await mesh.stop()
  await model.stop()
})

it('is found by what the model says of its place in the document, which no citation holds', async () => {
  const file = await client.files.create({ file: new File([report], 'page.md'), purpose: 'assistants' })
  const added = await client.vectorStores.files.createAndPoll(
    storeId,
    { file_id: file.id, chunking_strategy: chunking },
    { pollIntervalMs: 100 },
  )
  expect(added).toMatchObject({ status: 'completed', last_error: null })
  const found = await client.vectorStores.search(storeId, { query: 'Contoso in Norway' })
  expect(found.data.length).toBeGreaterThan(1)
  for (const hit of found.data) {
    expect(hit).toMatchObject({ weft: { explanation: { header, bm25: { rank: expect.any(Number) } } } })
    expect(hit.content[0]?.text).not.toContain('Contoso')
  }
  expect(model.requests).toHaveLength(found.data.length)
})

it('is read by the model with what stands around it in its section, and cited from there word for word', async () => {
  model.script({ kind: 'text', chunks: ['The new ferry line to Bergen explains the growth of revenue [1].'] })
  const completion = await client.chat.completions.create({
    model: 'weft/search',
    messages: [{ role: 'user', content: 'By how much did revenue grow against the year before?' }],
    weft: { vectorStoreIds: [storeId] },
  } as OpenAI.ChatCompletionCreateParamsNonStreaming)
  const { messages } = Prompt.parse(model.requests.at(-1)?.body)
  const [source] = parseAnswerPrompt(messages)?.sources ?? []
  expect(source?.text).toContain(growth)
  expect(source?.text).toContain(cause)
  const { citations, degraded } = weftOf(completion)
  expect(citations).toMatchObject([{ filename: 'page.md', quote: cause }])
  const { start, end, quote } = citations[0] ?? { start: 0, end: 0, quote: '' }
  expect(Array.from(report).slice(start, end).join('')).toBe(quote)
  expect(degraded).toEqual([])
  expect(model.refusals).toEqual([])
})
