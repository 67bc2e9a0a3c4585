import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { newId } from '@weft/contracts'
import { type Database, openDatabase, sql } from '@weft/database'
import { findNativePostgres, startNativeDatabase, startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { embedChunks } from '../embed/embed-chunks.ts'
import { settleEmbeddingModel } from '../embed/postgres-embedding-models.ts'
import { searchKnowledge } from '../search/postgres-search-knowledge.ts'
import { createKnowledgeStore } from '../store/knowledge-store.ts'
import { fakeEmbedder } from '../testing.ts'
import { createFileReader, type FileReader } from './file-reader.ts'
import { ingestFile } from './ingest-file.ts'
import { ingestSmallFiles } from './ingest-small-files.ts'

const native = findNativePostgres()
const starts: Record<string, (() => Promise<TestDatabase>) | undefined> = {
  'the embedded database': startTestDatabase,
  'a native PostgreSQL': native === undefined ? undefined : () => startNativeDatabase(native),
}

for (const [name, start] of Object.entries(starts)) {
  if (start !== undefined) describe(`on ${name}`, () => whatIsDeletedMeanwhile(start))
}

function whatIsDeletedMeanwhile(start: () => Promise<TestDatabase>): void {
  const tenant = 'acme'
  let test: TestDatabase
  let other: Database
  let reader: FileReader

  beforeAll(async () => {
    test = await start()
    other = openDatabase({ urls: [test.url] })
    reader = createFileReader()
    await settleEmbeddingModel(test.database, { chosen: fakeEmbedder(), canEmbed: () => true })
  })

  afterAll(async () => {
    await reader.stop()
    await other.stop()
    await test.stop()
  })

  async function addFiles(count: number, text = 'The automobile stood in the yard. ') {
    const store = createKnowledgeStore(test.database)
    const { id: vectorStoreId } = await store.createVectorStore({ tenant })
    const files: { fileId: string }[] = []
    for (let n = 0; n < count; n++) {
      const content = (async function* () {
        yield Buffer.from(`${text} ${newId('file')}`)
      })()
      files.push({ fileId: (await store.createFile({ tenant, filename: `${n}.txt`, content })).id })
    }
    const batch = files.length === 0 ? undefined : await store.addFiles({ tenant, vectorStoreId, files })
    return { store, vectorStoreId, batchId: batch?.id ?? '', jobs: files.map((file) => ({ tenant, vectorStoreId, ...file })) }
  }

  const counts = async (store: ReturnType<typeof createKnowledgeStore>, vectorStoreId: string) =>
    (await store.getVectorStore({ tenant, vectorStoreId })).fileCounts

  it('a batch is cancelled in every state of its files, which are counted right throughout and found no more', async () => {
    const { store, vectorStoreId, batchId, jobs } = await addFiles(3)
    const place = { tenant, vectorStoreId, batchId }
    const embedder = fakeEmbedder()
    const [first, second] = jobs
    if (first === undefined || second === undefined) throw new Error('no files')
    expect(await counts(store, vectorStoreId)).toEqual({ inProgress: 3, completed: 0, failed: 0, cancelled: 0, total: 3 })
    await ingestFile({ database: test.database, reader }, first)
    while ((await embedChunks({ database: test.database, embedder })).completedFiles === 0);
    expect(await counts(store, vectorStoreId)).toEqual({ inProgress: 2, completed: 1, failed: 0, cancelled: 0, total: 3 })
    await ingestFile({ database: test.database, reader }, second)
    expect(await counts(store, vectorStoreId)).toMatchObject({ inProgress: 2, completed: 1 })

    const cancelled = { inProgress: 0, completed: 1, failed: 0, cancelled: 2, total: 3 }
    expect(await store.cancelFileBatch(place)).toMatchObject({ status: 'cancelled', fileCounts: cancelled })
    const embeddedBefore = embedder.embedded()
    while ((await embedChunks({ database: test.database, embedder })).embedded > 0);
    expect(embedder.embedded()).toBe(embeddedBefore)
    expect(await counts(store, vectorStoreId)).toEqual(cancelled)
    const request = { tenant, vectorStoreIds: [vectorStoreId], query: 'automobile', maxResults: 10 }
    const { results } = await searchKnowledge({ database: test.database, embedder }, request)
    expect(results.map(({ fileId }) => fileId)).toEqual([first.fileId])

    await store.addFile(second)
    await ingestFile({ database: test.database, reader }, second)
    while ((await embedChunks({ database: test.database, embedder })).completedFiles === 0);
    expect(await counts(store, vectorStoreId)).toMatchObject({ completed: 2, cancelled: 1 })
  })

  it('a store deleted while a file of it is read ends the reading as skipped', async () => {
    const { store, vectorStoreId, jobs } = await addFiles(1)
    const [job] = jobs
    if (job === undefined) throw new Error('no file')
    const slow: FileReader = {
      ...reader,
      async open(...request) {
        await store.deleteVectorStore({ tenant, vectorStoreId })
        return reader.open(...request)
      },
    }
    expect(await ingestFile({ database: test.database, reader: slow }, job)).toEqual({ status: 'skipped' })
    await expect(store.getVectorStore({ tenant, vectorStoreId })).rejects.toMatchObject({ code: 'not_found' })
    expect(await chunksOf(vectorStoreId)).toBe(0)
  })

  it('a store deleted while its files are indexed, embedded and searched ends all of it without an error', async () => {
    const embedder = fakeEmbedder()
    for (let round = 0; round < 8; round++) {
      const { store, vectorStoreId, jobs } = await addFiles(
        8,
        'The automobile stood in the yard. '.repeat(round % 2 === 0 ? 1 : 200),
      )
      const [alone, ...together] = jobs
      if (alone === undefined) throw new Error('no file')
      const request = { tenant, vectorStoreIds: [vectorStoreId], query: 'automobile', maxResults: 10 }
      await ingestFile({ database: test.database, reader }, alone)
      const working = Promise.all([
        ingestSmallFiles({ database: other, reader }, together, new AbortController().signal),
        embedChunks({ database: other, embedder }),
        ...[0, 1, 2].map(() => searchKnowledge({ database: other, embedder }, request)),
      ])
      await new Promise((resolve) => setTimeout(resolve, round * 2))
      if (round % 3 === 2) for (const { fileId } of jobs) await store.deleteFile({ tenant, fileId })
      expect(await store.deleteVectorStore({ tenant, vectorStoreId })).toBe(true)
      await working
      const { results } = await searchKnowledge({ database: test.database, embedder }, request)
      expect(results).toEqual([])
      expect(await chunksOf(vectorStoreId)).toBe(0)
    }
  })

  async function chunksOf(vectorStoreId: string): Promise<number> {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from chunks where vector_store_id = ${vectorStoreId}
    `.execute(test.database.db)
    return rows[0]?.count ?? 0
  }
}
