import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createFileReader } from '../ingest/file-reader.ts'
import { ingestFile } from '../ingest/ingest-file.ts'
import { createKnowledgeStore } from '../store/knowledge-store.ts'
import { findByName, readOpenings, readSpread } from './postgres-read-overview.ts'

const tenant = 'acme'
const book = Array.from({ length: 10 }, (_, part) => `# Part ${part}\n\n${`Part ${part} tells of threads. `.repeat(14)}`).join(
  '\n\n',
)
const stores: string[] = []
let bookId = ''
let test: TestDatabase

beforeAll(async () => {
  test = await startTestDatabase()
  const store = createKnowledgeStore(test.database)
  const reader = createFileReader()
  async function add(vectorStoreId: string, filename: string, text: string): Promise<string> {
    async function* content() {
      yield Buffer.from(text)
    }
    const { id: fileId } = await store.createFile({ tenant, filename, content: content() })
    const chunkingStrategy = { type: 'static' as const, static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 0 } }
    await store.addFile({ tenant, vectorStoreId, fileId, chunkingStrategy })
    await ingestFile({ database: test.database, reader }, { tenant, vectorStoreId, fileId })
    return fileId
  }
  for (const _ of [1, 2]) stores.push((await store.createVectorStore({ tenant })).id)
  const [first = '', second = ''] = stores
  bookId = await add(first, 'book.md', book)
  await add(first, 'apples.md', 'Apples are red.')
  await add(second, 'pears.md', 'Pears are green.')
  await store.addFile({ tenant, vectorStoreId: second, fileId: bookId })
  await ingestFile({ database: test.database, reader }, { tenant, vectorStoreId: second, fileId: bookId })
  await reader.stop()
})
afterAll(() => test.stop())

it('reads how each document begins, once and by name, and counts those beyond the limit', async () => {
  const read = async (vectorStoreIds: string[], documentsMax = 10, owner = tenant) => {
    const { passages, documents } = await readOpenings(test.database, { tenant: owner, vectorStoreIds, documentsMax })
    return [passages.map(({ filename, start }) => [filename, start]), documents]
  }
  const [first = ''] = stores
  expect(await read([first])).toEqual([
    [
      ['apples.md', 0],
      ['book.md', 0],
    ],
    2,
  ])
  expect(await read([])).toEqual([
    [
      ['apples.md', 0],
      ['book.md', 0],
      ['pears.md', 0],
    ],
    3,
  ])
  expect(await read([], 2)).toEqual([
    [
      ['apples.md', 0],
      ['book.md', 0],
    ],
    3,
  ])
  expect(await read([first], 10, 'rival')).toEqual([[], 0])
})

it('reads the passages of none but the documents it tells of, however many there are', async () => {
  const { db } = test.database
  await sql`insert into vector_stores (id, tenant, name) values ('vs_many', 'many', 'many')`.execute(db)
  await sql`
    insert into files (id, tenant, filename, bytes, purpose, content_hash)
    select 'many_' || n, 'many', n || '.md', 1, 'assistants', '' from generate_series(1, 2000) n
  `.execute(db)
  await sql`
    insert into vector_store_files (vector_store_id, file_id, tenant, status)
    select 'vs_many', 'many_' || n, 'many', case n when 1 then 'in_progress' else 'completed' end from generate_series(1, 2000) n
  `.execute(db)
  await sql`
    insert into chunks (tenant, vector_store_id, file_id, n, start_offset, end_offset, text)
    select 'many', 'vs_many', 'many_' || n, 0, 0, 1, 'x' from generate_series(1, 2000) n
  `.execute(db)
  const before = await chunksRead()
  const { passages, documents } = await readOpenings(test.database, { tenant: 'many', vectorStoreIds: [], documentsMax: 2 })
  expect([passages.map(({ filename }) => filename), documents]).toEqual([['1.md', '10.md'], 2000])
  expect((await chunksRead()) - before).toBeLessThan(20)
})

async function chunksRead(): Promise<number> {
  await sql`select pg_stat_force_next_flush()`.execute(test.database.db)
  const { rows } = await sql<{ count: string }>`
    select seq_tup_read + coalesce(idx_tup_fetch, 0) as count from pg_stat_user_tables where relname = 'chunks'
  `.execute(test.database.db)
  return Number(rows[0]?.count)
}

it('reads passages from all parts of a document in their order', async () => {
  const place = { tenant, vectorStoreId: stores[0] ?? '', fileId: bookId }
  const all = await readSpread(test.database, { ...place, passagesMax: 1_000 })
  const some = await readSpread(test.database, { ...place, passagesMax: 4 })
  expect(all.length).toBeGreaterThan(8)
  expect(some).toHaveLength(4)
  expect(some[0]).toEqual(all[0])
  expect(all.map(({ start }) => start)).toEqual(all.map(({ start }) => start).toSorted((a, b) => a - b))
  const quarters = some.map(({ chunkId }) => Math.round((4 * all.findIndex((each) => each.chunkId === chunkId)) / all.length))
  expect(quarters).toEqual([0, 1, 2, 3])
  expect(await readSpread(test.database, { ...place, tenant: 'rival', passagesMax: 4 })).toEqual([])
})

it('finds documents by a part of their names, which is taken letter by letter', async () => {
  const find = async (words: string[], vectorStoreIds: string[] = []) =>
    (await findByName(test.database, { tenant, vectorStoreIds, words, documentsMax: 10 })).map(({ filename }) => filename)
  expect(await find(['APPLE', 'pear'])).toEqual(['pears.md', 'apples.md'])
  expect(await find(['pear'], stores.slice(0, 1))).toEqual([])
  expect(await find(['%', 'p_ars', '\\'])).toEqual([])
})
