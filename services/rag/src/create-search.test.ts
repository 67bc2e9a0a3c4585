import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createRerankers } from '@weft/models'
import { type ModelServer, startRerankServer } from '@weft/models/testing'
import { createFileReader, createKnowledgeStore, ingestFile } from '@weft/retrieval'
import { createSearch } from './create-search.ts'

const tenant = 'acme'
const models = { complete: () => Promise.reject(new Error('no chat models here')) }
let test: TestDatabase
let server: ModelServer
let vectorStoreId: string

beforeAll(async () => {
  test = await startTestDatabase()
  const store = createKnowledgeStore(test.database)
  const reader = createFileReader()
  vectorStoreId = (await store.createVectorStore({ tenant })).id
  const texts = ['rain rain rain rain rain', 'the roof leaks when it does rain', 'rain fell on the roof']
  for (const [n, text] of texts.entries()) {
    const content = (async function* () {
      yield Buffer.from(text)
    })()
    const { id: fileId } = await store.createFile({ tenant, filename: `${n}.txt`, content })
    await store.addFile({ tenant, vectorStoreId, fileId })
    await ingestFile({ database: test.database, reader }, { tenant, vectorStoreId, fileId })
  }
  await reader.stop()
})
afterAll(() => test.stop())

beforeEach(async () => {
  server = await startRerankServer({ wire: 'cohere' })
})
afterEach(() => server.stop())

const searched: object[] = []

type Embedders = Parameters<typeof createSearch>[0]['embedders']
const noEmbedder: Embedders = { current: () => undefined, follow: () => undefined }

function open(settings: Record<string, string> = {}, embedders = noEmbedder) {
  const rerankers = createRerankers({ COHERE_API_KEY: 'test-key', COHERE_BASE_URL: server.url, ...settings }, { models })
  const search = createSearch({
    database: test.database,
    embedders,
    rerankers,
    onSearch: ({ tenant, vectorStoreIds }) => searched.push({ tenant, vectorStoreIds }),
  })
  return (options: { rerank?: string; latencyBudgetMs?: number } = {}, signal?: AbortSignal) =>
    search(
      {
        tenant,
        vectorStoreIds: [vectorStoreId],
        query: 'does the roof rain',
        maxResults: 3,
        options: { mode: 'hybrid', ...options },
      },
      { tenant, agent: 'rag' },
      signal,
    )
}

describe('a search', () => {
  it('is told of, as a use of the stores that were searched', async () => {
    searched.length = 0
    await open()()
    expect(searched).toEqual([{ tenant, vectorStoreIds: [vectorStoreId] }])
  })

  it('is in the order of the reranker that is set up, whose score each passage has, with its rank before', async () => {
    const { results, skipped } = await open({ WEFT_RERANKER: 'cohere/test' })()
    expect(results.map(({ text }) => text)[0]).toBe('the roof leaks when it does rain')
    expect(results[0]).toMatchObject({ score: 1, rank: 1, explanation: { rerank: { model: 'cohere/test', score: 1 } } })
    expect(results.map(({ score }) => score)).toEqual([1, 0.75, 0.25])
    expect(new Set(results.map(({ explanation }) => explanation.rerank?.before))).toEqual(new Set([1, 2, 3]))
    expect(skipped).toEqual([])
  })

  it('may name a reranker, or none', async () => {
    expect((await open()({ rerank: 'cohere/other' })).results[0]?.explanation.rerank?.model).toBe('cohere/other')
    expect(server.requests[0]?.body).toMatchObject({ model: 'other', query: 'does the roof rain' })
    const { results } = await open({ WEFT_RERANKER: 'cohere/test' })({ rerank: 'off' })
    expect(results.every(({ explanation }) => explanation.rerank === undefined)).toBe(true)
    expect(server.requests).toHaveLength(1)
  })

  it('that names one nobody set up is refused, and says what is missing', async () => {
    await expect(open()({ rerank: 'jina/x' })).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'ranking_options.ranker',
      message: 'the reranker jina/x needs JINA_API_KEY, which is not set',
    })
  })

  it('is in the order found when the reranker fails, and says so', async () => {
    const found = (await open()()).results.map(({ chunkId, score }) => ({ chunkId, score }))
    server.script({ kind: 'error', status: 400, message: 'the model is sleeping' })
    const { results, skipped } = await open({ WEFT_RERANKER: 'cohere/test' })()
    expect(results.map(({ chunkId, score }) => ({ chunkId, score }))).toEqual(found)
    expect(skipped).toEqual(['rerank: cohere: the model is sleeping'])
    expect((await open({ WEFT_RERANKER: 'jina/x' })()).skipped).toEqual([
      'rerank: the reranker jina/x needs JINA_API_KEY, which is not set',
    ])
  })

  it('leaves out a reranker that its latency budget has no time for, and gives up on one that takes longer than it did', async () => {
    const search = open({ WEFT_RERANKER: 'cohere/test' })
    expect((await search({ latencyBudgetMs: 50 })).skipped).toEqual([
      expect.stringMatching(/^rerank: it takes about 300 ms, and of 50 ms there are \d+ left for it$/),
    ])
    expect(server.requests).toHaveLength(0)
    await search()
    server.script({ kind: 'stall', chunks: [] })
    const { results, skipped } = await search({ latencyBudgetMs: 400 })
    expect(skipped).toEqual([expect.stringMatching(/^rerank: it was not done within the \d+ ms left for it$/)])
    expect(results).toHaveLength(3)
    await server.sawAborts(1)
  })

  it('that nobody waits for any more stops its models, asks the database no further, and counts as no use', async () => {
    searched.length = 0
    const leaving = new AbortController()
    const seen: (AbortSignal | undefined)[] = []
    const embedder = {
      id: 'test/slow',
      describe: async () => ({ id: 'test/slow', dimensions: 3 }),
      embed: ({ signal }: { signal?: AbortSignal | undefined }) => {
        seen.push(signal)
        leaving.abort()
        return Promise.reject(new Error('stopped'))
      },
    }
    const search = open({ WEFT_RERANKER: 'cohere/test' }, { current: () => embedder as never, follow: () => undefined })
    await expect(search({}, leaving.signal)).rejects.toMatchObject({ code: 'timeout' })
    expect(seen.map((signal) => signal?.aborted)).toEqual([true])
    expect([server.requests, searched]).toEqual([[], []])
  })

  it('has its reranker stopped when its caller leaves', async () => {
    const leaving = new AbortController()
    server.script({ kind: 'stall', chunks: [] })
    const left = open({ WEFT_RERANKER: 'cohere/test' })({}, leaving.signal)
    left.catch(() => undefined)
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    leaving.abort()
    await server.sawAborts(1)
    await left.catch(() => undefined)
  })
})
