import { describe, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import type { IngestionJob } from '../search/search-types.ts'
import type { FileReader } from './file-reader.ts'
import { ingestFile } from './ingest-file.ts'
import { ingestSmallFiles } from './ingest-small-files.ts'
import { claimJob, listIngestionJobs } from './postgres-ingestion-jobs.ts'
import { claimSmallFiles, writeWholeFiles } from './postgres-small-files.ts'
import type { ReadFile } from './read-file.ts'
import { setUpIngestPlace, tenant } from './testing/ingest-place.ts'

const place = setUpIngestPlace()

describe('ingestSmallFiles', () => {
  it('leaves exactly what indexing each file alone leaves', async () => {
    const texts = {
      'tides.md': `# Tides 🌊\n\n${'The moon raises the tides. '.repeat(150)}\n\n## Neap\n\nThe sun.`,
      'page.html': '<h1>Keepers</h1><p>Two keepers.</p>',
      'code.ts': 'export function add(a: number): number {\n  return a\n}\n',
    }
    const together = await addAll(texts)
    const outcomes = await ingestSmallFiles(place, together)
    const alone = await addAll(texts)
    for (const [index, job] of alone.entries()) {
      const outcome = await ingestFile(place, job)
      expect(outcomes.get(together[index] ?? job)).toEqual(outcome)
      expect(await rowsOf(together[index])).toEqual(await rowsOf(job))
    }
    for (const job of together) expect((await rowsOf(job)).every(({ matches }) => matches)).toBe(true)
    expect(await place.store.getVectorStore({ tenant, vectorStoreId: place.vectorStoreId })).toMatchObject({
      status: 'completed',
      fileCounts: { completed: 6 },
    })
  })

  it('fails a file that cannot be read and indexes the others', async () => {
    const files = await addAll({ 'a.txt': 'One.', 'b.txt': Buffer.from([0xc3, 0xa9, 0xc3, 0xa9, 0xe9]), 'c.txt': 'Three.' })
    const outcomes = await ingestSmallFiles(place, files)
    expect(files.map((job) => outcomes.get(job)?.status)).toEqual(['completed', 'failed', 'completed'])
    expect(await place.store.getVectorStoreFile(files[1] ?? missing)).toMatchObject({ lastError: { code: 'invalid_file' } })
  })

  it('leaves large files, PDFs and what was tried before to be done alone', async () => {
    const files = await addAll({
      'large.txt': 'A sentence. '.repeat(5_000),
      'a.PDF': '%PDF-1.4 x',
      'tried.txt': 'Two.',
      'a.txt': 'One.',
    })
    await claimJob(place.database, files[2] ?? missing)
    await sql`update vector_store_files set updated_at = now() - interval '1 minute'`.execute(place.database.db)
    const outcomes = await ingestSmallFiles(place, files)
    expect([...outcomes]).toEqual([[files[3], { status: 'completed', chunks: 1 }]])
    expect(await listIngestionJobs(place.database, 10)).toHaveLength(3)
  })

  it('puts all back when they cannot be written together, so that each is tried alone', async () => {
    const files = await addAll({ 'a.txt': 'One.', 'b.txt': 'Two.' })
    // Postgres stores no NUL: the statement fails as a whole.
    const breakIt = (file: ReadFile) => (file.text === 'Two.' ? { ...file, text: 'Two\u0000' } : file)
    const broken: FileReader = {
      ...place.reader,
      read: async (job) => breakIt(await place.reader.read(job)),
      open: async (job) => ({ isLarge: false, file: breakIt(await place.reader.read(job)) }),
    }
    expect((await ingestSmallFiles({ database: place.database, reader: broken }, files)).size).toBe(0)
    expect(await listIngestionJobs(place.database, 10)).toHaveLength(2)
    expect(await ingestFile(place, files[0] ?? missing)).toMatchObject({ status: 'completed' })
    await expect(ingestFile({ database: place.database, reader: broken }, files[1] ?? missing)).rejects.toThrow()
  })

  it('gives each file to one of two workers', async () => {
    const files = await addAll(Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`${n}.txt`, `Text ${n}.`])))
    const [first, second] = await Promise.all([ingestSmallFiles(place, files), ingestSmallFiles(place, files)])
    expect(first.size + second.size).toBe(30)
    expect((await sql`select 1 from chunks`.execute(place.database.db)).rows).toHaveLength(30)
  })

  it('leaves out a file that was taken away or added anew meanwhile', async () => {
    const files = await addAll({ 'a.txt': 'One.', 'b.txt': 'Two.', 'c.txt': 'Three.' })
    const claimed = await claimSmallFiles(place.database, files, 1_000)
    await place.store.removeFile(files[0] ?? missing)
    await place.store.addFile(files[1] ?? missing)
    const chunks = [{ ordinal: 0, start: 0, end: 3, text: 'One', heading: '' }]
    const whole = claimed.map((job) => ({ job, file: { text: 'One', kind: 'text' as const, chunks }, isKept: false }))
    expect(await writeWholeFiles(place.database, whole)).toEqual(claimed.filter(({ filename }) => filename === 'c.txt'))
    expect((await sql`select file_id from chunks`.execute(place.database.db)).rows).toEqual([{ file_id: files[2]?.fileId }])
  })

  it('puts files back when it is asked to stop', async () => {
    const files = await addAll({ 'a.txt': 'One.', 'b.txt': 'Two.' })
    const stop = new AbortController()
    const stopping: FileReader = {
      ...place.reader,
      async read(job) {
        stop.abort(new Error('stopping'))
        return place.reader.read(job)
      },
    }
    await expect(ingestSmallFiles({ database: place.database, reader: stopping }, files, stop.signal)).rejects.toThrow('stopping')
    expect((await ingestSmallFiles(place, files)).size).toBe(2)
  })

  it('replaces the chunks of a longer version', async () => {
    const [job = missing] = await addAll({ 'a.txt': 'A sentence of some words. '.repeat(200) })
    await place.store.removeFile(job)
    await place.store.addFile({
      ...job,
      chunkingStrategy: { type: 'static', static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 0 } },
    })
    await ingestSmallFiles(place, [job])
    expect((await rowsOf(job)).length).toBeGreaterThan(10)
    await place.store.addFile({
      ...job,
      chunkingStrategy: { type: 'static', static: { max_chunk_size_tokens: 4_000, chunk_overlap_tokens: 0 } },
    })
    await ingestSmallFiles(place, [job])
    expect(await rowsOf(job)).toMatchObject([{ n: 0, matches: true }])
  })
})

const missing: IngestionJob = { tenant, vectorStoreId: 'vs_missing', fileId: 'file_missing' }

async function addAll(files: Record<string, string | Buffer>): Promise<IngestionJob[]> {
  const jobs: IngestionJob[] = []
  for (const [filename, content] of Object.entries(files)) jobs.push(await place.add(filename, content))
  return jobs
}

type ChunkRow = { n: number; title: string; heading: string | null; text: string; attributes: object; matches: boolean }

async function rowsOf(job: IngestionJob = missing): Promise<ChunkRow[]> {
  const { rows } = await sql<ChunkRow>`
    select c.n, c.start_offset, c.end_offset, c.page, c.title, c.heading, c.text, c.attributes, t.text as whole, t.text_hash, t.pages,
      f.usage_bytes, substr(t.text, c.start_offset + 1, c.end_offset - c.start_offset) = c.text as matches
    from chunks c join file_texts t using (file_id) join vector_store_files f using (vector_store_id, file_id)
    where file_id = ${job.fileId} order by c.n
  `.execute(place.database.db)
  return rows
}
