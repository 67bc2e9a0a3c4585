import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import type { RunningEmbedder } from '@weft/models'
import { createKnowledgeStore, searchKnowledge } from '@weft/retrieval'
import { fakeEmbedder } from '@weft/retrieval/testing'
import { composeEmbedding } from './compose-embedding.ts'
import { composeIngestion } from './compose-ingestion.ts'
import type { Embedders } from './embedders.ts'
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

function embeddersOf(chosen: RunningEmbedder): Embedders {
  const stop = () => Promise.resolve()
  return { chosen, of: () => chosen, problem: undefined, current: () => chosen, follow: () => chosen, stop }
}

/** Starts a worker with this embedder, and gives it a file. */
async function ingestWith(chosen: RunningEmbedder) {
  const { database } = test
  const embedding = composeEmbedding({ patient: database, embedders: embeddersOf(chosen), logger })
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
  const areRead = async () => (await sql`select 1 from chunks`.execute(database.db)).rows.length > 0
  while (!(await areRead())) await sleep(5)
  const statusOf = async () => (await store.getVectorStoreFile({ tenant, vectorStoreId, fileId })).status
  return { embedding, vectorStoreId, statusOf }
}

it('a file that is read before the model is known is in progress until it is found by what it means', async () => {
  const known = Promise.withResolvers<void>()
  const embedder = { ...fakeEmbedder(), stop: () => Promise.resolve() }
  const chosen = { ...embedder, describe: () => known.promise.then(() => embedder.describe()) }
  const { vectorStoreId, statusOf } = await ingestWith(chosen)
  expect(await statusOf()).toBe('in_progress')
  known.resolve()
  while ((await statusOf()) !== 'completed') await sleep(5)
  const { results } = await searchKnowledge(
    { database: test.database, embedder },
    { tenant, vectorStoreIds: [vectorStoreId], query: 'car', maxResults: 1 },
  )
  expect(results.map(({ filename }) => filename)).toEqual(['a.txt'])
})

it('a model that does not answer is named as what files wait for, and is none any more once it has answered', async () => {
  const embedder = { ...fakeEmbedder(), stop: () => Promise.resolve() }
  let isThere = false
  const chosen = {
    ...embedder,
    describe: () => (isThere ? embedder.describe() : Promise.reject(new Error('nobody answers at http://127.0.0.1:9'))),
  }
  const { embedding, vectorStoreId, statusOf } = await ingestWith(chosen)
  while ((await embedding.state()).failure === null) await sleep(5)
  expect(await embedding.state()).toMatchObject({
    active: null,
    failure: 'test/words makes no vectors: nobody answers at http://127.0.0.1:9',
  })
  expect(await statusOf()).toBe('in_progress')
  const byWords = { tenant, vectorStoreIds: [vectorStoreId], query: 'automobile', maxResults: 1 }
  expect((await searchKnowledge({ database: test.database }, byWords)).results).toHaveLength(1)
  isThere = true
  while ((await statusOf()) !== 'completed') {
    embedding.hint()
    await sleep(50)
  }
  expect(await embedding.state()).toMatchObject({ active: 'test/words', waiting: 0, failure: null })
})
