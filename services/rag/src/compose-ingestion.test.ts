import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createKnowledgeStore, searchKnowledge } from '@weft/retrieval'
import { fakeEmbedder } from '@weft/retrieval/testing'
import { composeEmbedding } from './compose-embedding.ts'
import { composeIngestion } from './compose-ingestion.ts'
import type { IngestionWorker } from './ingestion-worker.ts'

const tenant = 'acme'
const logger = { info: () => undefined, warn: () => undefined }
let test: TestDatabase
let worker: IngestionWorker

beforeEach(async () => {
  test = await startTestDatabase()
})
afterEach(async () => {
  await worker.stop()
  await test.stop()
})

it('a file that is read before the model is known is in progress until it is found by what it means', async () => {
  const { database } = test
  const known = Promise.withResolvers<void>()
  const embedder = { ...fakeEmbedder(), stop: () => Promise.resolve() }
  const chosen = { ...embedder, describe: () => known.promise.then(() => embedder.describe()) }
  const embedders = {
    chosen,
    of: () => chosen,
    problem: undefined,
    current: () => chosen,
    follow: () => chosen,
    stop: () => Promise.resolve(),
  }
  const embedding = composeEmbedding({ patient: database, embedders, logger })
  const parts = { database, patient: database, embedding, logger, concurrency: 1, readImageText: undefined, headers: undefined }
  worker = composeIngestion(parts)
  worker.start()

  const store = createKnowledgeStore(database)
  const content = (async function* () {
    yield Buffer.from('The automobile stood in the yard.')
  })()
  const { id: fileId } = await store.createFile({ tenant, filename: 'a.txt', content })
  const { id: vectorStoreId } = await store.createVectorStore({ tenant, fileIds: [fileId] })
  worker.hint({ tenant, vectorStoreId, fileId })
  const statusOf = async () => (await store.getVectorStoreFile({ tenant, vectorStoreId, fileId })).status
  const areRead = async () => (await sql`select 1 from chunks`.execute(database.db)).rows.length > 0

  while (!(await areRead())) await sleep(5)
  expect(await statusOf()).toBe('in_progress')
  known.resolve()
  while ((await statusOf()) !== 'completed') await sleep(5)
  const { results } = await searchKnowledge(
    { database, embedder },
    { tenant, vectorStoreIds: [vectorStoreId], query: 'car', maxResults: 1 },
  )
  expect(results.map(({ filename }) => filename)).toEqual(['a.txt'])
}, 60_000)
