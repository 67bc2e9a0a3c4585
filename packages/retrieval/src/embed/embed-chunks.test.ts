import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals'
import { type EmbedRequest, newId } from '@weft/contracts'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createFileReader } from '../ingest/file-reader.ts'
import { ingestFile } from '../ingest/ingest-file.ts'
import { defaultFusion } from '../search/fuse-rankings.ts'
import { searchKnowledge } from '../search/postgres-search-knowledge.ts'
import { createKnowledgeStore } from '../store/knowledge-store.ts'
import { fakeEmbedder } from '../testing.ts'
import { embedChunks } from './embed-chunks.ts'
import { settleEmbeddingModel } from './postgres-embedding-models.ts'
import { claimChunks } from './postgres-embedding-queue.ts'

let test: TestDatabase
const reader = createFileReader()
let tenant: string

beforeAll(async () => {
  test = await startTestDatabase()
})
beforeEach(async () => {
  tenant = newId('sess')
  await sql`delete from embedding_models`.execute(test.database.db)
  await sql`delete from chunks`.execute(test.database.db)
})
afterAll(async () => {
  await reader.stop()
  await test.stop()
})

async function addTexts(texts: Record<string, string>) {
  const store = createKnowledgeStore(test.database)
  const fileIds: string[] = []
  for (const [filename, text] of Object.entries(texts)) {
    const content = (async function* () {
      yield Buffer.from(text)
    })()
    fileIds.push((await store.createFile({ tenant, filename, content })).id)
  }
  const { id: vectorStoreId } = await store.createVectorStore({ tenant, fileIds })
  for (const fileId of fileIds) await ingestFile({ database: test.database, reader }, { tenant, vectorStoreId, fileId })
  const statusOf = async (index: number) =>
    (await store.getVectorStoreFile({ tenant, vectorStoreId, fileId: fileIds[index] ?? '' })).status
  return { store, vectorStoreId, fileIds, statusOf }
}

function settle(chosen: ReturnType<typeof fakeEmbedder> | undefined) {
  return settleEmbeddingModel(test.database, { chosen, canEmbed: () => true })
}

async function embedAll(embedder: ReturnType<typeof fakeEmbedder>): Promise<void> {
  const tools = { database: test.database, embedder }
  for (let round = await embedChunks(tools); round.embedded + round.copied > 0; ) round = await embedChunks(tools)
}

it('completes a file once its chunks have vectors, and finds it by what it means', async () => {
  const embedder = fakeEmbedder()
  await settle(embedder)
  const { vectorStoreId, statusOf } = await addTexts({
    'a.txt': 'The automobile stood in the yard.',
    'b.txt': 'Rain fell on the roof.',
  })
  expect(await statusOf(0)).toBe('in_progress')
  await embedAll(embedder)
  expect(await statusOf(0)).toBe('completed')
  const { results, skipped } = await searchKnowledge(
    { database: test.database, embedder },
    { tenant, vectorStoreIds: [vectorStoreId], query: 'car', maxResults: 1 },
  )
  expect(results.map(({ filename }) => filename)).toEqual(['a.txt'])
  expect(results[0]?.explanation.vector?.rank).toBe(1)
  expect(skipped).toEqual([])
})

it('a store’s passages wait for no other store’s many: each has its share of a round, of which the oldest are the rest', async () => {
  await settle(fakeEmbedder())
  const texts = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`${n}.txt`, `Text ${n}.`]))
  const loud = await addTexts(texts(20))
  const quiet = await addTexts(texts(3))
  const claim = async () =>
    (await claimChunks(test.database, 'test/words', { limit: 8, after: '' })).map((chunk) => chunk.vectorStoreId)
  const claimed = [await claim(), await claim(), await claim(), await claim()]
  const shares = claimed.map((ids) => [loud, quiet].map(({ vectorStoreId }) => ids.filter((id) => id === vectorStoreId).length))
  expect(shares).toEqual([
    [6, 2],
    [7, 1],
    [7, 0],
    [0, 0],
  ])
})

it('embeds no text twice: not after a kill, and not in another store', async () => {
  const embedder = fakeEmbedder()
  await settle(embedder)
  const texts = { 'a.txt': 'The automobile stood in the yard.', 'b.txt': 'Rain fell on the roof.' }
  await addTexts(texts)
  await embedAll(embedder)
  const { statusOf } = await addTexts(texts)
  await embedAll(embedder)
  expect(await statusOf(1)).toBe('completed')
  expect(embedder.embedded()).toBe(2)
})

it('puts chunks back when the model fails, and embeds them later', async () => {
  const embedder = fakeEmbedder()
  await settle(embedder)
  const { statusOf } = await addTexts({ 'a.txt': 'The automobile stood in the yard.' })
  embedder.failNext()
  await expect(embedChunks({ database: test.database, embedder })).rejects.toThrow('out of order')
  expect(await statusOf(0)).toBe('in_progress')
  await embedAll(embedder)
  expect(await statusOf(0)).toBe('completed')
})

it('puts chunks back when the database fails after they were taken, so that nobody waits for a claim to run out', async () => {
  const embedder = fakeEmbedder()
  await settle(embedder)
  const { statusOf } = await addTexts({ 'a.txt': 'The automobile stood in the yard.' })
  const { db } = test.database
  await sql`alter table chunk_embeddings rename column text_hash to hash_of_text`.execute(db)
  await expect(embedAll(embedder)).rejects.toThrow('text_hash')
  await sql`alter table chunk_embeddings rename column hash_of_text to text_hash`.execute(db)
  await embedAll(embedder)
  expect(await statusOf(0)).toBe('completed')
})

it('asks on the account of whose text it is, and holds up nobody for a tenant that may spend no more', async () => {
  const embedder = fakeEmbedder()
  await settle(embedder)
  const poor = tenant
  const first = await addTexts({ 'a.txt': 'The automobile stood in the yard.', 'b.txt': 'Rain fell on the roof.' })
  tenant = newId('sess')
  const second = await addTexts({ 'c.txt': 'A river ran by.' })
  embedder.poor.add(poor)
  const tools = { database: test.database, embedder }
  expect(await embedChunks(tools)).toMatchObject({ embedded: 1, held: 2 })
  expect(embedder.tenants).toEqual([poor, tenant])
  expect(await second.statusOf(0)).toBe('completed')
  expect(await embedChunks(tools)).toMatchObject({ embedded: 0, held: 0 })
  embedder.poor.delete(poor)
  await sql`update embedding_queue set claimed_until = now() - interval '1 second'`.execute(test.database.db)
  await embedAll(embedder)
  tenant = poor
  expect([await first.statusOf(0), await first.statusOf(1)]).toEqual(['completed', 'completed'])
})

it('takes what was claimed before the clock was set back', async () => {
  const embedder = fakeEmbedder()
  await settle(embedder)
  const { statusOf } = await addTexts({ 'a.txt': 'The automobile stood in the yard.' })
  await sql`update embedding_queue set claimed_until = now() + interval '121 seconds'`.execute(test.database.db)
  expect(await embedChunks({ database: test.database, embedder })).toMatchObject({ embedded: 0 })
  await sql`update embedding_queue set claimed_until = now() + interval '2 hours'`.execute(test.database.db)
  await embedAll(embedder)
  expect(await statusOf(0)).toBe('completed')
})

it('gives what is there already its vectors once there is a model, and goes by words without one', async () => {
  await settle(undefined)
  const { vectorStoreId, statusOf } = await addTexts({ 'a.txt': 'The automobile stood in the yard.' })
  expect(await statusOf(0)).toBe('completed')
  const search = (query: string, embedder?: ReturnType<typeof fakeEmbedder>) =>
    searchKnowledge({ database: test.database, embedder }, { tenant, vectorStoreIds: [vectorStoreId], query, maxResults: 5 })
  expect((await search('car')).results).toEqual([])
  const embedder = fakeEmbedder()
  await settle(embedder)
  await embedAll(embedder)
  expect((await search('car', embedder)).results).toHaveLength(1)
})

it('finds as many as are asked for under a filter that few pass', async () => {
  const embedder = fakeEmbedder()
  await settle(embedder)
  const { vectorStoreId, store, fileIds } = await addTexts(
    Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${index}.txt`, `automobile number ${index} in the yard`])),
  )
  for (const fileId of fileIds.slice(0, 3))
    await store.updateAttributes({ tenant, vectorStoreId, fileId, attributes: { kind: 'rare' } })
  await embedAll(embedder)
  const { results } = await searchKnowledge(
    { database: test.database, embedder },
    { tenant, vectorStoreIds: [vectorStoreId], query: 'car', maxResults: 3, filters: { type: 'eq', key: 'kind', value: 'rare' } },
  )
  expect(results.map(({ filename }) => filename).toSorted()).toEqual(['0.txt', '1.txt', '2.txt'])
})

it('answers by words and says so when the question cannot be embedded', async () => {
  const embedder = fakeEmbedder()
  await settle(embedder)
  const { vectorStoreId } = await addTexts({ 'a.txt': 'The automobile stood in the yard.' })
  await embedAll(embedder)
  embedder.failNext()
  const { results, skipped } = await searchKnowledge(
    { database: test.database, embedder },
    { tenant, vectorStoreIds: [vectorStoreId], query: 'automobile', maxResults: 1 },
  )
  expect(results).toHaveLength(1)
  expect(skipped).toEqual(['vectors: out of order'])
})

it('goes nearly by words alone where the model knows few words of the question, unless a weight is named', async () => {
  const embedder = fakeEmbedder()
  await settle(embedder)
  const { vectorStoreId } = await addTexts({ 'a.txt': 'The automobile stood in the yard.' })
  await embedAll(embedder)
  const shareOfWords = async (knownShare: number | undefined, textWeight?: number) => {
    const knowing = { ...embedder, embed: async (request: EmbedRequest) => ({ ...(await embedder.embed(request)), knownShare }) }
    const options = { mode: 'hybrid' as const, ...(textWeight === undefined ? {} : { textWeight }) }
    const { results } = await searchKnowledge(
      { database: test.database, embedder: knowing },
      { tenant, vectorStoreIds: [vectorStoreId], query: 'automobile', maxResults: 1, options },
    )
    const { bm25, vector } = results[0]?.explanation ?? {}
    return (bm25?.share ?? 0) / ((bm25?.share ?? 0) + (vector?.share ?? 0))
  }
  const usual = await shareOfWords(undefined)
  expect(await shareOfWords(0.5)).toBe(usual)
  expect(await shareOfWords(0.2)).toBeGreaterThan(usual)
  expect(await shareOfWords(0.2, defaultFusion.textWeight)).toBe(usual)
})

it('finds the parts of an identifier', async () => {
  const { vectorStoreId } = await addTexts({
    'a.py': 'def parseMavenSettings(path):\n    return path',
    'b.txt': 'Settings of the radio.',
  })
  const { results } = await searchKnowledge(
    { database: test.database },
    { tenant, vectorStoreIds: [vectorStoreId], query: 'maven settings', maxResults: 1 },
  )
  expect(results[0]?.filename).toBe('a.py')
})

it('goes on from the names of what it found, and says by which passage', async () => {
  const embedder = fakeEmbedder()
  await settle(embedder)
  const { vectorStoreId } = await addTexts({
    'film.txt': 'Blue Moon is a film directed by Ana Silva.',
    'director.txt': 'Ana Silva married Bob Stone in 1990.',
    'weather.txt': 'Rain fell on the roof all night.',
  })
  await embedAll(embedder)
  const search = (multiHop: boolean) =>
    searchKnowledge(
      { database: test.database, embedder },
      {
        tenant,
        vectorStoreIds: [vectorStoreId],
        query: 'Who directed Blue Moon',
        maxResults: 3,
        options: { mode: 'hybrid', multiHop },
      },
    )
  const { results } = await search(true)
  const [film, director] = ['film.txt', 'director.txt'].map((name) => results.find(({ filename }) => filename === name))
  expect(director?.explanation.via).toMatchObject({ chunkId: film?.chunkId, terms: expect.arrayContaining(['Ana Silva']) })
  expect((await search(false)).results.every(({ explanation }) => explanation.via === undefined)).toBe(true)
})
