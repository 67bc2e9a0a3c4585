import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import type { IngestionJob } from '../search/search-types.ts'
import { createKnowledgeStore } from '../store/knowledge-store.ts'
import type { KnowledgeStore } from '../store/knowledge-types.ts'
import { createFileReader, type FileReader } from './file-reader.ts'
import { ingestFile } from './ingest-file.ts'
import { ingestSmallFiles } from './ingest-small-files.ts'
import { claimJob, listIngestionJobs } from './postgres-ingestion-jobs.ts'
import { claimSmallFiles, writeWholeFiles } from './postgres-small-files.ts'

let test: TestDatabase
let store: KnowledgeStore
let reader: FileReader
let vectorStoreId: string
const tenant = 'acme'

beforeAll(async () => {
  test = await startTestDatabase()
  store = createKnowledgeStore(test.database)
  reader = createFileReader()
})
afterAll(async () => {
  await reader.stop()
  await test.stop()
})
beforeEach(async () => {
  await sql`truncate files, vector_stores cascade`.execute(test.database.db)
  vectorStoreId = (await store.createVectorStore({ tenant, name: 'Docs' })).id
})

describe('ingestSmallFiles', () => {
  it('leaves exactly what indexing each file alone leaves', async () => {
    const texts = {
      'tides.md': `# Tides 🌊\n\n${'The moon raises the tides. '.repeat(150)}\n\n## Neap\n\nThe sun.`,
      'page.html': '<h1>Keepers</h1><p>Two keepers.</p>',
      'code.ts': 'export function add(a: number): number {\n  return a\n}\n',
    }
    const together = await addAll(texts)
    const outcomes = await ingestSmallFiles(tools(), together)
    const alone = await addAll(texts)
    for (const [index, job] of alone.entries()) {
      const outcome = await ingestFile(tools(), job)
      expect(outcomes.get(together[index] ?? job)).toEqual(outcome)
      expect(await rowsOf(together[index])).toEqual(await rowsOf(job))
    }
    for (const job of together) expect((await rowsOf(job)).every(({ matches }) => matches)).toBe(true)
    expect(await store.getVectorStore({ tenant, vectorStoreId })).toMatchObject({
      status: 'completed',
      fileCounts: { completed: 6 },
    })
  })

  it('fails a file that cannot be read and indexes the others', async () => {
    const files = await addAll({ 'a.txt': 'One.', 'b.txt': Buffer.from([0x61, 0xe9, 0x62]), 'c.txt': 'Three.' })
    const outcomes = await ingestSmallFiles(tools(), files)
    expect(files.map((job) => outcomes.get(job)?.status)).toEqual(['completed', 'failed', 'completed'])
    expect(await store.getVectorStoreFile(files[1] ?? missing)).toMatchObject({ lastError: { code: 'invalid_file' } })
  })

  it('leaves large files, PDFs and what was tried before to be done alone', async () => {
    const files = await addAll({
      'large.txt': 'A sentence. '.repeat(5_000),
      'a.PDF': '%PDF-1.4 x',
      'tried.txt': 'Two.',
      'a.txt': 'One.',
    })
    await claimJob(test.database, files[2] ?? missing)
    await sql`update vector_store_files set updated_at = now() - interval '1 minute'`.execute(test.database.db)
    const outcomes = await ingestSmallFiles(tools(), files)
    expect([...outcomes]).toEqual([[files[3], { status: 'completed', chunks: 1 }]])
    expect(await listIngestionJobs(test.database, 10)).toHaveLength(3)
  })

  it('puts all back when they cannot be written together, so that each is tried alone', async () => {
    const files = await addAll({ 'a.txt': 'One.', 'b.txt': 'Two.' })
    const refuse = { text: 'Two.' }
    const broken: FileReader = {
      ...reader,
      async read(job) {
        const file = await reader.read(job)
        // Postgres stores no NUL: the statement fails as a whole.
        return file.text === refuse.text ? { ...file, text: 'Two\u0000' } : file
      },
    }
    expect((await ingestSmallFiles({ database: test.database, reader: broken }, files)).size).toBe(0)
    expect(await listIngestionJobs(test.database, 10)).toHaveLength(2)
    expect(await ingestFile(tools(), files[0] ?? missing)).toMatchObject({ status: 'completed' })
    await expect(ingestFile({ database: test.database, reader: broken }, files[1] ?? missing)).rejects.toThrow()
  })

  it('gives each file to one of two workers', async () => {
    const files = await addAll(Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`${n}.txt`, `Text ${n}.`])))
    const [first, second] = await Promise.all([ingestSmallFiles(tools(), files), ingestSmallFiles(tools(), files)])
    expect(first.size + second.size).toBe(30)
    expect((await sql`select 1 from chunks`.execute(test.database.db)).rows).toHaveLength(30)
  })

  it('leaves out a file that was taken away or added anew meanwhile', async () => {
    const files = await addAll({ 'a.txt': 'One.', 'b.txt': 'Two.', 'c.txt': 'Three.' })
    const claimed = await claimSmallFiles(test.database, files, 1_000)
    await store.removeFile(files[0] ?? missing)
    await store.addFile(files[1] ?? missing)
    const chunks = [{ ordinal: 0, start: 0, end: 3, text: 'One', heading: '' }]
    const whole = claimed.map((job) => ({ job, file: { text: 'One', kind: 'text' as const, chunks }, isKept: false }))
    expect(await writeWholeFiles(test.database, whole)).toEqual(claimed.filter(({ filename }) => filename === 'c.txt'))
    expect((await sql`select file_id from chunks`.execute(test.database.db)).rows).toEqual([{ file_id: files[2]?.fileId }])
  })

  it('puts files back when it is asked to stop', async () => {
    const files = await addAll({ 'a.txt': 'One.', 'b.txt': 'Two.' })
    const stop = new AbortController()
    const stopping: FileReader = {
      ...reader,
      async read(job) {
        stop.abort(new Error('stopping'))
        return reader.read(job)
      },
    }
    await expect(ingestSmallFiles({ database: test.database, reader: stopping }, files, stop.signal)).rejects.toThrow('stopping')
    expect((await ingestSmallFiles(tools(), files)).size).toBe(2)
  })

  it('replaces the chunks of a longer version', async () => {
    const [job = missing] = await addAll({ 'a.txt': 'A sentence of some words. '.repeat(200) })
    await store.removeFile(job)
    await store.addFile({
      ...job,
      chunkingStrategy: { type: 'static', static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 0 } },
    })
    await ingestSmallFiles(tools(), [job])
    expect((await rowsOf(job)).length).toBeGreaterThan(10)
    await store.addFile({
      ...job,
      chunkingStrategy: { type: 'static', static: { max_chunk_size_tokens: 4_000, chunk_overlap_tokens: 0 } },
    })
    await ingestSmallFiles(tools(), [job])
    expect(await rowsOf(job)).toMatchObject([{ n: 0, matches: true }])
  })
})

const missing: IngestionJob = { tenant, vectorStoreId: 'vs_missing', fileId: 'file_missing' }

function tools() {
  return { database: test.database, reader }
}

async function addAll(files: Record<string, string | Buffer>): Promise<IngestionJob[]> {
  const jobs: IngestionJob[] = []
  for (const [filename, content] of Object.entries(files)) {
    async function* bytes() {
      yield Buffer.from(content)
    }
    const { id: fileId } = await store.createFile({ tenant, filename, content: bytes() })
    await store.addFile({ tenant, vectorStoreId, fileId })
    jobs.push({ tenant, vectorStoreId, fileId })
  }
  return jobs
}

type ChunkRow = { n: number; title: string; heading: string | null; text: string; attributes: object; matches: boolean }

async function rowsOf(job: IngestionJob = missing): Promise<ChunkRow[]> {
  const { rows } = await sql<ChunkRow>`
    select c.n, c.start_offset, c.end_offset, c.page, c.title, c.heading, c.text, c.attributes, t.text as whole, t.text_hash, t.pages,
      f.usage_bytes, substr(t.text, c.start_offset + 1, c.end_offset - c.start_offset) = c.text as matches
    from chunks c join file_texts t using (file_id) join vector_store_files f using (vector_store_id, file_id)
    where file_id = ${job.fileId} order by c.n
  `.execute(test.database.db)
  return rows
}
