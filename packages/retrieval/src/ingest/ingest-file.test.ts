import { describe, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { verifyQuotes } from '../answer/postgres-verify-quotes.ts'
import type { IngestionJob } from '../search/search-types.ts'
import { createFileReader } from './file-reader.ts'
import { type IngestOutcome, ingestFile } from './ingest-file.ts'
import { claimJob, listIngestionJobs, writeChunks } from './postgres-ingestion-jobs.ts'
import { setUpIngestPlace, tenant } from './testing/ingest-place.ts'

const place = setUpIngestPlace()

describe('ingestFile', () => {
  it('makes a file searchable text, chunk by chunk at its exact places', async () => {
    const text = `# Tides 🌊\n\n${'The moon raises the tides. '.repeat(150)}\n\n## Neap\n\nThe sun raises smaller ones.`
    const file = await place.add('tides.md', text)
    expect(await ingest(file)).toEqual({ status: 'completed', chunks: expect.any(Number) })
    const rows = await chunksOf(file)
    expect(rows.length).toBeGreaterThan(3)
    for (const row of rows) expect(row.matches).toBe(true)
    expect(rows[0]).toMatchObject({ n: 0, title: 'tides', heading: 'Tides 🌊' })
    expect(await place.store.getVectorStoreFile(file)).toMatchObject({
      status: 'completed',
      lastError: null,
      usageBytes: Buffer.byteLength(text),
    })
    expect(await place.store.readText(file)).toEqual({ filename: 'tides.md', attributes: {}, text })
    expect((await place.store.getVectorStore({ tenant, vectorStoreId: place.vectorStoreId })).status).toBe('completed')
  })

  it.each<{ what: string; filename: string; content: Buffer; code: string; message: RegExp }>([
    { what: 'a binary file', filename: 'a.txt', content: Buffer.from('a\u0000b'), code: 'unsupported_file', message: /offset 1/ },
    {
      what: 'a file of damaged UTF-8',
      filename: 'a.txt',
      content: Buffer.from([...Buffer.from('Grüße'), 0xe9, 0x62]),
      code: 'invalid_file',
      message: /0xe9 at offset 7/,
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
    const file = await place.add(filename, content)
    expect(await ingest(file)).toEqual({ status: 'failed', error: { code, message: expect.stringMatching(message) } })
    expect(await place.store.getVectorStoreFile(file)).toMatchObject({ status: 'failed', lastError: { code } })
    expect(await ingest(file)).toEqual({ status: 'skipped' })
  })

  it('takes headings that are cut inside a character', async () => {
    for (const filename of ['small.md', 'large.md']) {
      const body = 'A sentence of some words. '.repeat(filename === 'large.md' ? 5_000 : 1)
      const file = await place.add(filename, `# ${'x'.repeat(119)}💡\n\n${body}\n\n## ${'y'.repeat(119)}💡\n\n${body}`)
      expect(await ingest(file)).toMatchObject({ status: 'completed' })
    }
  })

  it('tells of chunks as soon as they are written, and not only of the last ones', async () => {
    const file = await place.add('long.txt', 'A sentence of some words. '.repeat(20_000))
    let told = 0
    const onWritten = () => {
      told += 1
    }
    await ingestFile({ database: place.database, reader: place.reader, onWritten }, file)
    expect(told).toBeGreaterThan(2)
  })

  it('changes nothing when it is called again', async () => {
    const file = await place.add('a.md', 'Some text.')
    await ingest(file)
    const before = await chunksOf(file)
    expect(await ingest(file)).toEqual({ status: 'skipped' })
    expect(await chunksOf(file)).toEqual(before)
  })

  it('replaces the chunks when the file is added again with another strategy', async () => {
    const file = await place.add('a.txt', 'A sentence of some words. '.repeat(2_000), {
      chunkingStrategy: { type: 'static', static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 0 } },
    })
    await ingest(file)
    expect((await chunksOf(file)).length).toBeGreaterThan(100)
    await place.store.addFile({
      ...file,
      chunkingStrategy: { type: 'static', static: { max_chunk_size_tokens: 4_000, chunk_overlap_tokens: 0 } },
    })
    await ingest(file)
    const rows = await chunksOf(file)
    expect(rows.map(({ n }) => n)).toEqual([0, 1, 2, 3])
    for (const row of rows) expect(row.matches).toBe(true)
  })

  it('takes over the text of an equal file of the same tenant and kind, and of no other', async () => {
    const first = await place.add('a.html', '<p>One <b>text</b></p>')
    await ingest(first)
    await sql`update file_texts set text = 'taken over' where file_id = ${first.fileId}`.execute(place.database.db)
    const twin = await place.add('b.html', '<p>One <b>text</b></p>')
    const plain = await place.add('b.txt', '<p>One <b>text</b></p>')
    await ingest(twin)
    await ingest(plain)
    expect((await place.store.readText(twin)).text).toBe('taken over')
    expect((await place.store.readText(plain)).text).toBe('<p>One <b>text</b></p>')
  })

  it.each([
    ['by none that is known', sql`pages - 'parsers'`],
    ['by an earlier one', sql`pages || '{"parsers": 0}'`],
  ])(
    'reads a file anew that is uploaded again, where the parsers were changed, and keeps the text that citations point to: %s',
    async (_, origin) => {
      const content = '<p>One <b>text</b></p>'
      const first = await place.add('a.html', content)
      await ingest(first)
      await sql`update file_texts set text = 'read before', pages = ${origin} where file_id = ${first.fileId}`.execute(
        place.database.db,
      )
      const again = await place.add('a.html', content)
      expect(await ingest(again)).toMatchObject({ status: 'completed' })
      expect((await place.store.readText(again)).text).toBe('One text')
      await place.store.addFile(first)
      expect(await ingest(first)).toMatchObject({ status: 'completed' })
      expect((await place.store.readText(first)).text).toBe('read before')
      const third = await place.add('a.html', content)
      await ingest(third)
      expect((await place.store.readText(third)).text).toBe('One text')
    },
  )

  it('keeps a large text in pieces, and has its chunks, quotes and whole text at their places all the same', async () => {
    const sentence = 'The keeper 👩‍🚀 lit lamp number'
    const text = `\ufeffLamps.\n\n${Array.from({ length: 40_000 }, (_, n) => `${sentence} ${n} 漢字.`).join('\n\n')}\n`
    const first = await place.add('lamps.txt', `\ufeff${text}`)
    const twin = await place.add('copy.txt', `\ufeff${text}`)
    for (const file of [first, twin]) {
      expect(await ingest(file)).toMatchObject({ status: 'completed' })
      expect((await place.store.readText(file)).text).toBe(text)
    }
    const { rows: stored } = await sql<{ file_id: string; pieces: number }>`
      select file_id, count(*)::int as pieces from file_text_pieces group by file_id order by file_id collate "C"
    `.execute(place.database.db)
    expect(stored).toEqual([first.fileId, twin.fileId].toSorted().map((file_id) => ({ file_id, pieces: expect.any(Number) })))
    const chunks = await chunksOf(first)
    const placesOf = (rows: ChunkRow[]) => rows.map(({ start, end }) => [start, end])
    expect(placesOf(await chunksOf(twin))).toEqual(placesOf(chunks))
    expect(chunks.length).toBeGreaterThan(1_000)
    const points = [...text]
    const quotes = chunks.map(({ start, end }) => ({
      ...first,
      filename: 'lamps.txt',
      quote: points.slice(start, end).join(''),
      score: 1,
      start,
      end,
    }))
    expect(quotes.filter(({ quote }, n) => quote !== chunks[n]?.text)).toEqual([])
    const verified = await verifyQuotes(place.database, { tenant, quotes })
    expect(verified.filter((quote) => quote === undefined)).toEqual([])
    expect(
      await verifyQuotes(place.database, {
        tenant,
        quotes: quotes.slice(0, 1).map((quote) => ({ ...quote, quote: 'No lamp.' })),
      }),
    ).toEqual([undefined])
  })

  it('gives one file to one of two workers', async () => {
    const file = await place.add('a.txt', 'A sentence. '.repeat(5_000))
    const outcomes = await Promise.all([ingest(file), ingest(file), ingest(file)])
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['completed', 'skipped', 'skipped'])
  })

  it('finishes what a killed worker left half done', async () => {
    const file = await place.add('a.txt', 'A sentence. '.repeat(500))
    const dead = await claimJob(place.database, file)
    if (dead === undefined) throw new Error('not claimed')
    const junk = [0, 1, 99].map((ordinal) => ({ ordinal, start: 0, end: 1, text: 'half', heading: '' }))
    expect(await writeChunks(place.database, dead, { chunks: junk, total: 500, usageBytes: 0, isLast: false })).toBe(true)
    expect(await listIngestionJobs(place.database, 10)).toEqual([])
    expect(await ingest(file)).toEqual({ status: 'skipped' })

    // The clock was set back since.
    await sql`update vector_store_files set updated_at = now() + interval '2 hours'`.execute(place.database.db)
    expect(await listIngestionJobs(place.database, 10)).toEqual([file])
    await sql`update vector_store_files set updated_at = now() - interval '1 minute'`.execute(place.database.db)
    expect(await listIngestionJobs(place.database, 10)).toEqual([file])
    expect(await ingest(file)).toMatchObject({ status: 'completed' })
    const rows = await chunksOf(file)
    expect(rows.some(({ text }) => text === 'half')).toBe(false)
    expect(rows.map(({ n }) => n)).toEqual(rows.map((_, n) => n))
    expect(await writeChunks(place.database, dead, { chunks: junk, total: 500, usageBytes: 0, isLast: true })).toBe(false)
    expect(await chunksOf(file)).toEqual(rows)
  })

  it('waits behind no other tenant’s many files: each tenant’s oldest is listed first', async () => {
    const names = ['a', 'b', 'c', 'd']
    const files: IngestionJob[] = []
    for (const name of names) files.push(await place.add(`${name}.txt`, `Some text of ${name}.`))
    const [first, second, , last] = files
    await sql`update vector_store_files set tenant = 'quiet' where file_id = ${last?.fileId}`.execute(place.database.db)
    expect(await listIngestionJobs(place.database, 3)).toEqual([first, { ...last, tenant: 'quiet' }, second])
  })

  it('gives up a file that ended its worker again and again', async () => {
    const file = await place.add('a.txt', 'Some text.')
    for (let crash = 0; crash < 4; crash++) {
      expect(await claimJob(place.database, file)).toBeDefined()
      await sql`update vector_store_files set updated_at = now() - interval '1 minute'`.execute(place.database.db)
    }
    expect(await ingest(file)).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('never ended') } })
  })

  it('puts the file back when it is asked to stop', async () => {
    const file = await place.add('a.txt', 'A sentence. '.repeat(100_000))
    const stop = new AbortController()
    const running = ingestFile(place, file, stop.signal)
    setTimeout(() => stop.abort(new Error('stopping')), 30)
    await expect(running).rejects.toThrow('stopping')
    expect(await listIngestionJobs(place.database, 10)).toEqual([file])
    expect(await ingest(file)).toMatchObject({ status: 'completed' })
  })

  it('leaves no chunk of a file that was taken away meanwhile', async () => {
    const file = await place.add('a.txt', 'Some text.')
    const claimed = await claimJob(place.database, file)
    if (claimed === undefined) throw new Error('not claimed')
    await place.store.removeFile(file)
    const chunk = { ordinal: 0, start: 0, end: 4, text: 'Some', heading: '' }
    expect(await writeChunks(place.database, claimed, { chunks: [chunk], total: 1, usageBytes: 4, isLast: true })).toBe(false)
    expect(await chunksOf(file)).toEqual([])
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
      const file = await place.add(name, Buffer.from([0x89, 0x50, 0x4e, 0x47]))
      const ingested = await ingestFile({ database: place.database, reader: seeing }, file)
      expect(ingested).toEqual({ status: 'completed', chunks: 1 })
      expect(await chunksOf(file)).toMatchObject([{ heading: 'Sign', text: '# Sign\n\nNo entry.', matches: true }])
    }
    expect(readings).toBe(1)
  })

  it('has the latest attributes on every chunk', async () => {
    const file = await place.add('a.txt', 'Some text.')
    await ingest(file)
    await place.store.updateAttributes({ ...file, attributes: { year: 2020 } })
    expect((await chunksOf(file)).map(({ attributes }) => attributes)).toEqual([{ year: 2020 }])
  })
})

function ingest(file: IngestionJob): Promise<IngestOutcome> {
  return ingestFile(place, file)
}

type ChunkRow = {
  n: number
  start: number
  end: number
  title: string
  heading: string | null
  text: string
  attributes: object
  matches: boolean
}

async function chunksOf({ fileId }: IngestionJob): Promise<ChunkRow[]> {
  const { rows } = await sql<ChunkRow>`
    select c.n, c.start_offset as start, c.end_offset as end, c.title, c.heading, c.text, c.attributes, substr(t.text, c.start_offset + 1, c.end_offset - c.start_offset) = c.text as matches
    from chunks c left join file_texts t on t.file_id = c.file_id where c.file_id = ${fileId} order by c.n
  `.execute(place.database.db)
  return rows
}
