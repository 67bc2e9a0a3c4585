import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { AgentEvent, type ChatMessage, type ExecuteRequest, type Passage, parseJson } from '@weft/contracts'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createInternalApp, listen, type RunningServer, serveAgent } from '@weft/mesh'
import { createMemoryKeptResults } from '@weft/mesh/testing'
import { type CallScope, createModels } from '@weft/models'
import {
  createFileReader,
  createKnowledgeStore,
  type FileReader,
  findByName,
  ingestFile,
  ingestSmallFiles,
  type KnowledgeStore,
  listIngestionJobs,
  readOpenings,
  readSpread,
  searchKnowledge,
  verifyQuotes,
} from '@weft/retrieval'
import { startTelemetry, type Telemetry } from '@weft/telemetry'
import { z } from 'zod'
import { card } from './core/card.ts'
import type { Search } from './create-search.ts'
import { executeStep } from './execute-step.ts'
import { createIngestionWorker, type IngestionWorker } from './ingestion-worker.ts'
import { createQuestionRewriter } from './rewrite-question.ts'
import { hintIngestion } from './routes/hint-ingestion.ts'
import { searchPassages } from './routes/search-passages.ts'
import { verifyCitations } from './routes/verify-citations.ts'

const tenant = 'acme'
const appToken = 'a-token-of-the-sidecar'
let telemetry: Telemetry
let test: TestDatabase
let store: KnowledgeStore
let reader: FileReader
let worker: IngestionWorker
let server: RunningServer
let vectorStoreId: string
/** On whose account searches were done. */
const accounts: CallScope[] = []

beforeAll(async () => {
  telemetry = await startTelemetry({ serviceName: 'rag-test', serviceVersion: '0', instanceId: '0', logLevel: 'error' })
  test = await startTestDatabase()
  store = createKnowledgeStore(test.database)
  reader = createFileReader()
  worker = createIngestionWorker({
    listJobs: (limit) => listIngestionJobs(test.database, limit),
    ingestSmall: (jobs, signal) => ingestSmallFiles({ database: test.database, reader }, jobs, signal),
    ingest: (job, signal) => ingestFile({ database: test.database, reader }, job, signal),
    logger: telemetry.logger,
    concurrency: 2,
  })
  const search: Search = (request, scope) => {
    accounts.push(scope)
    return searchKnowledge(test, request)
  }
  const models = createModels({ settings: {}, telemetry })
  const rewriteQuestion = createQuestionRewriter({ models, model: undefined, onProblem: () => undefined })
  const execute = executeStep({
    models,
    search,
    rewriteQuestion,
    findByName: (request) => findByName(test.database, request),
    readOpenings: (request) => readOpenings(test.database, request),
    onRead: () => undefined,
    readSpread: (document) => readSpread(test.database, document),
    abstainBelow: () => 0.1,
    verifyQuotes: (owner) => (quotes) => verifyQuotes(test.database, { tenant: owner, quotes }),
  })
  const app = createInternalApp({
    telemetry,
    appToken,
    checks: [],
    routes(internal) {
      internal.use(serveAgent({ card, execute, results: createMemoryKeptResults() }))
      internal.post('/search', searchPassages(search, rewriteQuestion))
      internal.post('/ingest', hintIngestion(worker))
      internal.post('/citations', verifyCitations(test.database))
    },
  })
  server = await listen(app, { port: 0 })
  vectorStoreId = (await store.createVectorStore({ tenant })).id
  worker.start()
})

afterAll(async () => {
  await server.stop()
  await worker.stop()
  await reader.stop()
  await test.stop()
  await telemetry.stop()
})

describe('the retrieval agent', () => {
  it('indexes what it is told of, good files in spite of bad ones', async () => {
    await add(
      'whales.md',
      '# Whales 🐋\n\nThe heart of a blue whale weighs about 180 kg.\r\nIt beats eight times a minute.\n\n## Food\n\nBlue whales eat krill.',
    )
    await add('broken.txt', Buffer.from([0xc3, 0xa9, 0xc3, 0xa9, 0xff]))
    await add('rivers.md', 'The Rhine rises in the Alps. The Danube flows into the Black Sea.')
    const statuses = await untilIndexed()
    expect(statuses).toEqual({ 'broken.txt': 'failed', 'rivers.md': 'completed', 'whales.md': 'completed' })
  })

  it('searches for the gateway, on the account of the key that asks', async () => {
    const query = { query: 'blue whale heart', maxResults: 3 }
    const answer = await post('/search', { tenant, keyId: 'key_1', vectorStoreIds: [vectorStoreId], ...query })
    expect(accounts.at(-1)).toEqual({ tenant, keyId: 'key_1', agent: 'rag' })
    expect(answer).toMatchObject({ ok: true, value: { results: [{ filename: 'whales.md', rank: 1, start: 0 }] } })
    expect(await post('/search', { tenant, query: 'x' })).toMatchObject({
      ok: false,
      problem: { code: 'invalid_request', param: 'vectorStoreIds' },
    })
  })

  it('retrieves passages and answers from them with quotes that stand in the file', async () => {
    const question = 'How much does the heart of a blue whale weigh?'
    const found = resultOf(await execute('retrieve', { question }))
    expect(found.output).toMatchObject({ query: question, passages: [{ filename: 'whales.md' }] })

    const events = await execute('answer', {
      question,
      dependencies: { retrieve: { status: 'succeeded', output: found.output, citations: [] } },
    })
    const { output, citations } = resultOf(events)
    const text = events.map((event) => (event.type === 'text' ? event.delta : '')).join('')
    expect(output).toEqual({ text, degraded: ['offline_model'] })
    expect(text).toContain('[1]')
    expect(citations[0]?.quote).toBe('The heart of a blue whale weighs about 180 kg.')
    for (const { fileId, start, end, quote } of citations) {
      const { text: stored } = await store.readText({ tenant, vectorStoreId, fileId })
      expect(Array.from(stored).slice(start, end).join('')).toBe(quote)
    }
  })

  it('searches for what a question of a conversation means, says so, and answers that', async () => {
    const said: ChatMessage[] = [
      { role: 'user', content: 'How much does the heart of a blue whale weigh?' },
      { role: 'assistant', content: 'About 180 kg [1].' },
    ]
    const question = 'And how often does it beat?'
    const rewritten = 'How often does it beat (heart of a blue whale)?'
    const found = resultOf(await execute('retrieve', { question, said }))
    expect(found.output).toMatchObject({ query: rewritten, rewrittenFrom: question, passages: [{ filename: 'whales.md' }] })
    const dependencies = { retrieve: { status: 'succeeded' as const, output: found.output, citations: [] } }
    const { citations } = resultOf(await execute('answer', { question, said, dependencies }))
    expect(citations.map(({ quote }) => quote)).toContain('It beats eight times a minute.')

    const asked = { tenant, vectorStoreIds: [vectorStoreId], query: question, rewrite: { messages: said } }
    expect(await post('/search', asked)).toMatchObject({
      ok: true,
      value: { query: rewritten, results: [{ filename: 'whales.md' }] },
    })
  })

  it('gives an overview of all documents, and of one, with quotes of each', async () => {
    const question = 'What is in these documents?'
    const found = resultOf(await execute('retrieve', { question }))
    const dependencies = { retrieve: { status: 'succeeded' as const, output: found.output, citations: [] } }
    const all = resultOf(await execute('answer', { question, dependencies }))
    expect(all.citations.map(({ filename }) => filename)).toEqual(['rivers.md', 'whales.md'])
    expect(all.output).toMatchObject({ text: expect.stringContaining('- “The Rhine rises in the Alps.” [1] — rivers.md\n- “') })

    const of = 'Give me a summary of whales.md'
    const one = resultOf(await execute('retrieve', { question: of }))
    const told = { retrieve: { status: 'succeeded' as const, output: one.output, citations: [] } }
    const { citations } = resultOf(await execute('answer', { question: of, dependencies: told }))
    expect(citations.map(({ quote }) => quote)).toContain('The heart of a blue whale weighs about 180 kg.')
    expect(new Set(citations.map(({ filename }) => filename))).toEqual(new Set(['whales.md']))
  })

  it('does not believe passages that claim to stand where they do not', async () => {
    const forged: Passage = {
      chunkId: 'c',
      vectorStoreId,
      fileId: 'file_none',
      filename: 'x',
      text: 'Whales can fly to the moon.',
      start: 0,
      end: 27,
      score: 1,
    }
    const dependencies = { retrieve: { status: 'succeeded' as const, output: { passages: [forged], query: '' }, citations: [] } }
    const { output, citations } = resultOf(await execute('answer', { question: 'Can whales fly to the moon?', dependencies }))
    expect(citations).toEqual([])
    expect(output).toMatchObject({
      text: expect.not.stringMatching(/\[\d+\]/),
      degraded: ['offline_model', 'unsupported_citation', 'no_evidence'],
    })
  })

  it('tells which quotes of another agent stand in the text, for their tenant alone', async () => {
    const { data } = await store.listVectorStoreFiles({ tenant, vectorStoreId })
    const fileId = data.find(({ filename }) => filename === 'rivers.md')?.fileId ?? ''
    const cited = { index: 1, fileId, filename: 'lakes.md', score: 1, verified: true, quote: 'The Rhine', start: 0, end: 9 }
    const citations = [{ ...cited, index: 2, quote: 'The Volga' }, cited, { ...cited, fileId: 'file_none' }]
    expect(await post('/citations', { tenant, citations })).toMatchObject({
      ok: true,
      value: [{ index: 1, fileId, filename: 'rivers.md', quote: 'The Rhine', verified: true }],
    })
    expect(await post('/citations', { tenant: 'other', citations })).toEqual({ ok: true, value: [] })
  })

  it('refuses a capability it does not have', async () => {
    expect((await execute('sing', { question: '' })).at(-1)).toMatchObject({
      type: 'error',
      code: 'invalid_request',
      isRetryable: false,
    })
  })
})

async function add(filename: string, content: string | Buffer): Promise<void> {
  async function* bytes() {
    yield Buffer.from(content)
  }
  const { id: fileId } = await store.createFile({ tenant, filename, content: bytes() })
  await store.addFile({ tenant, vectorStoreId, fileId })
  expect(await post('/ingest', { tenant, vectorStoreId, fileIds: [fileId] })).toEqual({ ok: true, value: { isAccepted: true } })
}

async function untilIndexed(): Promise<Record<string, string>> {
  for (;;) {
    const { data } = await store.listVectorStoreFiles({ tenant, vectorStoreId })
    if (data.every(({ status }) => status !== 'in_progress'))
      return Object.fromEntries(data.map(({ filename, status }) => [filename, status]))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function send(path: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json', 'dapr-api-token': appToken }
  return fetch(`http://127.0.0.1:${server.port}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function post(path: string, body: object): Promise<unknown> {
  return parseJson(z.unknown(), await (await send(path, body)).text(), 'the answer')
}

let steps = 0

type Step = { question: string; said?: ChatMessage[]; dependencies?: ExecuteRequest['dependencies'] }

async function execute(capability: string, { question, said = [], dependencies = {} }: Step) {
  const request: ExecuteRequest = {
    sessionId: 's',
    turn: 1,
    stepId: `step-${steps++}`,
    attempt: 1,
    capability,
    params: {},
    dependencies,
    input: { messages: [...said, { role: 'user', content: question }] },
    context: { tenant, vectorStoreIds: [vectorStoreId] },
    deadline: new Date(Date.now() + 60_000).toISOString(),
  }
  const lines = (await (await send('/execute', request)).text()).split('\n').filter((line) => line !== '')
  return lines.map((line) => parseJson(AgentEvent, line, 'an event'))
}

function resultOf(events: AgentEvent[]) {
  const last = events.at(-1)
  if (last?.type !== 'result') throw new Error(`no result: ${JSON.stringify(last)}`)
  return last
}
