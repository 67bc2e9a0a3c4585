import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { ChunkingStrategy } from '@weft/contracts'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createKnowledgeStore } from '../store/knowledge-store.ts'
import type { KnowledgeStore } from '../store/knowledge-types.ts'
import { createFileReader, type FileReader } from './file-reader.ts'
import { type IngestOutcome, ingestFile } from './ingest-file.ts'
import { claimJob, listIngestionJobs, writeChunks } from './postgres-ingestion-jobs.ts'

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

describe('ingestFile', () => {
  it('makes a file searchable text, chunk by chunk at its exact places', async () => {
    const text = `# Tides 🌊\n\n${'The moon raises the tides. '.repeat(150)}\n\n## Neap\n\nThe sun raises smaller ones.`
    const fileId = await add('tides.md', text)
    expect(await ingest(fileId)).toEqual({ status: 'completed', chunks: expect.any(Number) })
    const rows = await chunksOf(fileId)
    expect(rows.length).toBeGreaterThan(3)
    for (const row of rows) expect(row.matches).toBe(true)
    expect(rows[0]).toMatchObject({ n: 0, title: 'tides', heading: 'Tides 🌊' })
    expect(await store.getVectorStoreFile(at(fileId))).toMatchObject({
      status: 'completed',
      lastError: null,
      usageBytes: Buffer.byteLength(text),
    })
    expect(await store.readText(at(fileId))).toEqual({ filename: 'tides.md', attributes: {}, text })
    expect((await store.getVectorStore({ tenant, vectorStoreId })).status).toBe('completed')
  })

  it.each<{ what: string; filename: string; content: Buffer; code: string; message: RegExp }>([
    { what: 'a binary file', filename: 'a.txt', content: Buffer.from('a\u0000b'), code: 'unsupported_file', message: /offset 1/ },
    {
      what: 'a file that is not UTF-8',
      filename: 'a.txt',
      content: Buffer.from([0x61, 0xe9, 0x62]),
      code: 'invalid_file',
      message: /0xe9 at offset 1/,
    },
    { what: 'an empty file', filename: 'a.md', content: Buffer.alloc(0), code: 'invalid_file', message: /empty/ },
    {
      what: 'a damaged PDF',
      filename: 'a.pdf',
      content: Buffer.from('%PDF-1.4 x'),
      code: 'invalid_file',
      message: /cannot be read/,
    },
    {
      what: 'text named like a Word document',
      filename: 'a.docx',
      content: Buffer.from('x'),
      code: 'invalid_file',
      message: /Word/,
    },
  ])('marks $what failed and says why', async ({ filename, content, code, message }) => {
    const fileId = await add(filename, content)
    expect(await ingest(fileId)).toEqual({ status: 'failed', error: { code, message: expect.stringMatching(message) } })
    expect(await store.getVectorStoreFile(at(fileId))).toMatchObject({ status: 'failed', lastError: { code } })
    expect(await ingest(fileId)).toEqual({ status: 'skipped' })
  })

  it('takes headings that are cut inside a character', async () => {
    for (const filename of ['small.md', 'large.md']) {
      const body = 'A sentence of some words. '.repeat(filename === 'large.md' ? 5_000 : 1)
      const fileId = await add(filename, `# ${'x'.repeat(119)}💡\n\n${body}\n\n## ${'y'.repeat(119)}💡\n\n${body}`)
      expect(await ingest(fileId)).toMatchObject({ status: 'completed' })
    }
  })

  it('changes nothing when it is called again', async () => {
    const fileId = await add('a.md', 'Some text.')
    await ingest(fileId)
    const before = await chunksOf(fileId)
    expect(await ingest(fileId)).toEqual({ status: 'skipped' })
    expect(await chunksOf(fileId)).toEqual(before)
  })

  it('replaces the chunks when the file is added again with another strategy', async () => {
    const fileId = await add('a.txt', 'A sentence of some words. '.repeat(2_000), {
      type: 'static',
      static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 0 },
    })
    await ingest(fileId)
    expect((await chunksOf(fileId)).length).toBeGreaterThan(100)
    await store.addFile({
      ...at(fileId),
      chunkingStrategy: { type: 'static', static: { max_chunk_size_tokens: 4_000, chunk_overlap_tokens: 0 } },
    })
    await ingest(fileId)
    const rows = await chunksOf(fileId)
    expect(rows.map(({ n }) => n)).toEqual([0, 1, 2, 3])
    for (const row of rows) expect(row.matches).toBe(true)
  })

  it('takes over the text of an equal file of the same tenant and kind, and of no other', async () => {
    const first = await add('a.html', '<p>One <b>text</b></p>')
    await ingest(first)
    await sql`update file_texts set text = 'taken over' where file_id = ${first}`.execute(test.database.db)
    const twin = await add('b.html', '<p>One <b>text</b></p>')
    const plain = await add('b.txt', '<p>One <b>text</b></p>')
    await ingest(twin)
    await ingest(plain)
    expect((await store.readText(at(twin))).text).toBe('taken over')
    expect((await store.readText(at(plain))).text).toBe('<p>One <b>text</b></p>')
  })

  it('gives one file to one of two workers', async () => {
    const fileId = await add('a.txt', 'A sentence. '.repeat(5_000))
    const outcomes = await Promise.all([ingest(fileId), ingest(fileId), ingest(fileId)])
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['completed', 'skipped', 'skipped'])
  })

  it('finishes what a killed worker left half done', async () => {
    const fileId = await add('a.txt', 'A sentence. '.repeat(500))
    const dead = await claimJob(test.database, job(fileId))
    if (dead === undefined) throw new Error('not claimed')
    const junk = [0, 1, 99].map((ordinal) => ({ ordinal, start: 0, end: 1, text: 'half', heading: '' }))
    expect(await writeChunks(test.database, dead, { chunks: junk, total: 500, usageBytes: 0, isLast: false })).toBe(true)
    expect(await listIngestionJobs(test.database, 10)).toEqual([])
    expect(await ingest(fileId)).toEqual({ status: 'skipped' })

    await sql`update vector_store_files set updated_at = now() - interval '1 minute'`.execute(test.database.db)
    expect(await listIngestionJobs(test.database, 10)).toEqual([job(fileId)])
    expect(await ingest(fileId)).toMatchObject({ status: 'completed' })
    const rows = await chunksOf(fileId)
    expect(rows.some(({ text }) => text === 'half')).toBe(false)
    expect(rows.map(({ n }) => n)).toEqual(rows.map((_, n) => n))
    expect(await writeChunks(test.database, dead, { chunks: junk, total: 500, usageBytes: 0, isLast: true })).toBe(false)
    expect(await chunksOf(fileId)).toEqual(rows)
  })

  it('gives up a file that ended its worker again and again', async () => {
    const fileId = await add('a.txt', 'Some text.')
    for (let crash = 0; crash < 4; crash++) {
      expect(await claimJob(test.database, job(fileId))).toBeDefined()
      await sql`update vector_store_files set updated_at = now() - interval '1 minute'`.execute(test.database.db)
    }
    expect(await ingest(fileId)).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('never ended') } })
  })

  it('puts the file back when it is asked to stop', async () => {
    const fileId = await add('a.txt', 'A sentence. '.repeat(100_000))
    const stop = new AbortController()
    const running = ingestFile({ database: test.database, reader }, job(fileId), stop.signal)
    setTimeout(() => stop.abort(new Error('stopping')), 30)
    await expect(running).rejects.toThrow('stopping')
    expect(await listIngestionJobs(test.database, 10)).toEqual([job(fileId)])
    expect(await ingest(fileId)).toMatchObject({ status: 'completed' })
  })

  it('leaves no chunk of a file that was taken away meanwhile', async () => {
    const fileId = await add('a.txt', 'Some text.')
    const claimed = await claimJob(test.database, job(fileId))
    if (claimed === undefined) throw new Error('not claimed')
    await store.removeFile(at(fileId))
    const chunk = { ordinal: 0, start: 0, end: 4, text: 'Some', heading: '' }
    expect(await writeChunks(test.database, claimed, { chunks: [chunk], total: 1, usageBytes: 4, isLast: true })).toBe(false)
    expect(await chunksOf(fileId)).toEqual([])
  })

  it('has the text in an image read once, however often the image is added and whatever it is called', async () => {
    let readings = 0
    const seeing = createFileReader({
      async readImageText() {
        readings++
        return '# Sign\n\nNo entry.'
      },
    })
    for (const name of ['a.png', 'copy.jpg', 'c.txt']) {
      const fileId = await add(name, Buffer.from([0x89, 0x50, 0x4e, 0x47]))
      const ingested = await ingestFile({ database: test.database, reader: seeing }, job(fileId))
      expect(ingested).toEqual({ status: 'completed', chunks: 1 })
      expect(await chunksOf(fileId)).toMatchObject([{ heading: 'Sign', text: '# Sign\n\nNo entry.', matches: true }])
    }
    expect(readings).toBe(1)
  })

  it('has the latest attributes on every chunk', async () => {
    const fileId = await add('a.txt', 'Some text.')
    await ingest(fileId)
    await store.updateAttributes({ ...at(fileId), attributes: { year: 2020 } })
    expect((await chunksOf(fileId)).map(({ attributes }) => attributes)).toEqual([{ year: 2020 }])
  })
})

async function add(filename: string, content: string | Buffer, chunkingStrategy?: ChunkingStrategy): Promise<string> {
  async function* bytes() {
    yield Buffer.from(content)
  }
  const { id } = await store.createFile({ tenant, filename, content: bytes() })
  await store.addFile({ ...at(id), ...(chunkingStrategy === undefined ? {} : { chunkingStrategy }) })
  return id
}

function ingest(fileId: string): Promise<IngestOutcome> {
  return ingestFile({ database: test.database, reader }, job(fileId))
}

function job(fileId: string) {
  return { tenant, vectorStoreId, fileId }
}

const at = job

type ChunkRow = { n: number; title: string; heading: string | null; text: string; attributes: object; matches: boolean }

async function chunksOf(fileId: string): Promise<ChunkRow[]> {
  const { rows } = await sql<ChunkRow>`
    select c.n, c.title, c.heading, c.text, c.attributes, substr(t.text, c.start_offset + 1, c.end_offset - c.start_offset) = c.text as matches
    from chunks c left join file_texts t on t.file_id = c.file_id where c.file_id = ${fileId} order by c.n
  `.execute(test.database.db)
  return rows
}
