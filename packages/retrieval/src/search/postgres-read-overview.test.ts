import { afterAll, beforeAll, expect, it } from '@jest/globals'
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
