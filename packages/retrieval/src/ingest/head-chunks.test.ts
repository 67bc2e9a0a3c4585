import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { newId } from '@weft/contracts'
import { sql } from '@weft/database'
import { startPlainDatabase, startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { embedChunks } from '../embed/embed-chunks.ts'
import { settleEmbeddingModel } from '../embed/postgres-embedding-models.ts'
import { searchKnowledge } from '../search/postgres-search-knowledge.ts'
import { createKnowledgeStore } from '../store/knowledge-store.ts'
import { fakeEmbedder } from '../testing.ts'
import { createFileReader } from './file-reader.ts'
import type { HeaderWriter, PassageToHead } from './head-chunks.ts'
import { ingestFile } from './ingest-file.ts'

const reader = createFileReader()
afterAll(() => reader.stop())

const section = (name: string) =>
  `## ${name}\n\n${`The ${name} of the company grew by three percent over the quarter. `.repeat(16)}\n\n`
const report = `# Quarterly report\n\n${['revenue', 'staff', 'debt', 'cash', 'rent', 'tax', 'stock', 'wages'].map(section).join('')}`

describe('headers by a model, on the embedded database', () => promises(startTestDatabase))
describe('headers by a model, on a database without pg_textsearch', () => promises(startPlainDatabase))

/** A model that says the same of every passage, and remembers what it was asked. */
function fakeWriter(answer: (number: number) => Promise<string> | string = () => 'From the filing of Zanzibar Holdings.') {
  const asked: PassageToHead[] = []
  let running = 0
  let runningMost = 0
  const headers: HeaderWriter = {
    model: 'test/writer',
    documentCharsMax: () => 100_000,
    async write(passage) {
      const number = asked.push(passage)
      running++
      runningMost = Math.max(running, runningMost)
      await new Promise((resolve) => setTimeout(resolve, 2))
      running--
      return answer(number)
    },
  }
  return { headers, asked, runningMost: () => runningMost }
}

function promises(start: () => Promise<TestDatabase>): void {
  let test: TestDatabase
  let tenant: string
  beforeAll(async () => {
    test = await start()
  })
  afterAll(() => test.stop())
  beforeEach(async () => {
    tenant = newId('sess')
    await sql`delete from embedding_models`.execute(test.database.db)
  })

  async function add(text: string, owner = tenant) {
    const store = createKnowledgeStore(test.database)
    const content = (async function* () {
      yield Buffer.from(text)
    })()
    const { id: fileId } = await store.createFile({ tenant: owner, filename: 'a.md', content })
    const { id: vectorStoreId } = await store.createVectorStore({ tenant: owner, fileIds: [fileId] })
    const job = { tenant: owner, vectorStoreId, fileId }
    const ingest = (headers?: HeaderWriter, signal?: AbortSignal) =>
      ingestFile({ database: test.database, reader, headers }, job, signal)
    return { store, job, ingest, again: () => store.addFile(job), state: () => store.getVectorStoreFile(job) }
  }

  function search(query: string, mode: 'bm25' | 'vector', embedder = fakeEmbedder()) {
    return searchKnowledge(
      { database: test.database, embedder },
      { tenant, vectorStoreIds: [], query, maxResults: 3, options: { mode } },
    )
  }

  it('finds a passage by words that only its header has, and neither cites nor counts them', async () => {
    const { ingest, state } = await add('The revenue grew by three percent.')
    const { headers } = fakeWriter()
    expect(await ingest(headers)).toEqual({ status: 'completed', chunks: 1 })
    const { results } = await search('Zanzibar', 'bm25')
    expect(results).toEqual([expect.objectContaining({ text: 'The revenue grew by three percent.', start: 0, end: 34 })])
    expect(results[0]?.explanation.header).toBe('From the filing of Zanzibar Holdings.')
    expect(await state()).toMatchObject({ status: 'completed', lastError: null })
  })

  it('embeds the header before the passage', async () => {
    const embedder = fakeEmbedder()
    const texts: string[] = []
    const listening = {
      ...embedder,
      embed(input: Parameters<typeof embedder.embed>[0]) {
        texts.push(...input.texts)
        return embedder.embed(input)
      },
    }
    await settleEmbeddingModel(test.database, { chosen: listening, canEmbed: () => true })
    const { ingest } = await add('The revenue grew by three percent.')
    await ingest(fakeWriter(() => 'An automobile maker.').headers)
    await embedChunks({ database: test.database, embedder: listening })
    expect(texts).toContain('a\nAn automobile maker.\nThe revenue grew by three percent.')
    expect((await search('car', 'vector', listening)).results[0]?.explanation.header).toBe('An automobile maker.')
  })

  it('shows the model the whole document, the first passage alone and then at most four at once', async () => {
    const { ingest, job } = await add(report)
    const { headers, asked, runningMost } = fakeWriter()
    await ingest(headers)
    expect(asked.length).toBeGreaterThan(6)
    for (const passage of asked) expect(passage).toMatchObject({ tenant: job.tenant, document: report })
    expect(runningMost()).toBe(4)
  })

  it('asks for no passage twice: not after a kill, not when the file is added again, and not for an equal file', async () => {
    const first = await add(report)
    const killed = new AbortController()
    const { headers, asked } = fakeWriter((count) => {
      if (count === 4) killed.abort(new Error('killed'))
      return `Header ${count}.`
    })
    await expect(first.ingest(headers, killed.signal)).rejects.toThrow('killed')
    const paid = asked.length
    expect(await first.ingest(headers)).toMatchObject({ status: 'completed' })
    const places = asked.map(({ text }) => text)
    expect(paid).toBeGreaterThan(3)
    expect(new Set(places).size).toBe(places.length)

    await first.again()
    expect(await first.ingest(headers)).toMatchObject({ status: 'completed' })
    const twin = await add(report)
    expect(await twin.ingest(headers)).toMatchObject({ status: 'completed' })
    expect(asked.length).toBe(places.length)
    await first.store.deleteFile(first.job)
    await twin.again()
    await twin.ingest(headers)
    expect(asked.length).toBe(places.length)
  })

  it('asks anew for another model, another tenant, and once no file with the text is left', async () => {
    const { headers, asked } = fakeWriter()
    const first = await add('The revenue grew.')
    await first.ingest(headers)
    await (await add('The revenue grew.', newId('sess'))).ingest(headers)
    expect(asked.length).toBe(2)
    await first.again()
    await first.ingest({ ...headers, model: 'test/other' })
    expect(asked.length).toBe(3)
    await first.store.deleteFile(first.job)
    await (await add('The revenue grew.')).ingest(headers)
    expect(asked.length).toBe(4)
  })

  it('leaves passages without a header when the model fails, says so on the file, and soon stops asking', async () => {
    const { ingest, again, state } = await add(report)
    const broke = fakeWriter(() => Promise.reject(new Error('The budget is used up.')))
    expect(await ingest(broke.headers)).toMatchObject({ status: 'completed', warning: { code: 'server_error' } })
    expect(broke.asked.length).toBeLessThan(8)
    expect(await state()).toMatchObject({
      status: 'completed',
      lastError: {
        message: expect.stringMatching(
          /^(\d+) of \1 passages have no header of test\/writer .* The budget is used up\. Add the file again/,
        ),
      },
    })
    const { results } = await search('debt', 'bm25')
    expect(results[0]?.explanation.header).toBeUndefined()
    await again()
    await ingest(fakeWriter().headers)
    expect(await state()).toMatchObject({ status: 'completed', lastError: null })
    expect((await search('Zanzibar', 'bm25')).results.length).toBe(3)
  })

  it('takes headers away when the file is added again without a model', async () => {
    const { ingest, again } = await add('The revenue grew.')
    await ingest(fakeWriter().headers)
    await again()
    await ingest()
    expect((await search('Zanzibar', 'bm25')).results).toEqual([])
    expect((await search('revenue', 'bm25')).results[0]?.explanation.header).toBeUndefined()
  })
}
