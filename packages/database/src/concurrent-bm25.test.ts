import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Database, openDatabase, sql } from './index.ts'
import { findNativePostgres, startNativeDatabase, type TestDatabase } from './testing.ts'
import { type ChunkOwner, replaceChunks } from './testing/insert-chunks.ts'
import { rebuildBm25 } from './testing/rebuild-bm25.ts'

const native = findNativePostgres()
const describeNative = native === undefined ? describe.skip : describe
const stores = ['vs_a', 'vs_b', 'vs_c']
const writers = 6
const rounds = 42

describeNative('BM25 in plain SQL, written by several connections at once', () => {
  let test: TestDatabase
  let other: Database

  beforeAll(async () => {
    test = await startNativeDatabase(native ?? '')
    other = openDatabase({ urls: [test.url] })
    for (const id of [...stores, 'vs_passing']) {
      await sql`insert into vector_stores (id, tenant, name) values (${id}, 'a', '')`.execute(test.database.db)
    }
  })

  afterAll(async () => {
    await other.stop()
    await test.stop()
  })

  it('never deadlocks, and counts exactly', async () => {
    await Promise.all([
      ...Array.from({ length: writers }, (_, writer) => writeAndDelete(writer % 2 === 0 ? test.database : other, writer)),
      passingStore(other),
      rebuildNowAndThen(test.database),
    ])
    const counted = await counts(test.database)
    expect(counted.length).toBeGreaterThan(1_000)
    await rebuildBm25(test.database)
    expect(counted).toEqual(await counts(test.database))
  })
})

/** Texts that share most of their words with those of all other writers, in an order of their own. */
function someTexts(writer: number, round: number): string[] {
  const word = (n: number) => `word${(n * 7 + writer * 13 + round * 29) % 90}`
  return Array.from({ length: 1 + ((writer + round) % 9) }, (_, text) =>
    Array.from({ length: 40 }, (_, n) => word(n * (text + 1))).join(' '),
  )
}

const chunksOf = (texts: string[]) =>
  texts.map((text, n) => ({ n, startOffset: 0, endOffset: text.length, page: undefined, heading: undefined, text }))

/** One writer has one file, which lies in two stores. */
async function writeAndDelete(database: Database, writer: number): Promise<void> {
  const { db } = database
  const own: Omit<ChunkOwner, 'vectorStoreId'> = { tenant: 'a', fileId: `file_${writer}`, title: '', attributes: {} }
  const addFile = () =>
    sql`insert into files (id, tenant, filename, bytes, purpose, content_hash) values (${own.fileId}, 'a', 'f', 1, '', '')`.execute(
      db,
    )
  await addFile()
  for (let round = 0; round < rounds; round++) {
    for (const shift of [0, 1]) {
      const vectorStoreId = stores[(writer + round + shift) % stores.length] ?? ''
      await replaceChunks(database, { ...own, vectorStoreId }, chunksOf(someTexts(writer, round + shift)))
    }
    await sql`
      with changed as (update chunks set text = text || ' again' where file_id = ${own.fileId} and n = 0)
      delete from chunks where file_id = ${own.fileId} and n > 5
    `.execute(db)
    if (round % 5 === 4) {
      await sql`delete from files where id = ${own.fileId}`.execute(db)
      await addFile()
    }
  }
}

async function passingStore(database: Database): Promise<void> {
  const { db } = database
  const owner: ChunkOwner = { tenant: 'a', vectorStoreId: 'vs_passing', fileId: 'file_passing', title: '', attributes: {} }
  await sql`insert into files (id, tenant, filename, bytes, purpose, content_hash) values (${owner.fileId}, 'a', 'f', 1, '', '')`.execute(
    db,
  )
  for (let round = 0; round < rounds; round++) {
    await replaceChunks(database, owner, chunksOf(someTexts(writers, round)))
    await sql`delete from vector_stores where id = ${owner.vectorStoreId}`.execute(db)
    await sql`insert into vector_stores (id, tenant, name) values (${owner.vectorStoreId}, 'a', '')`.execute(db)
  }
}

async function rebuildNowAndThen({ db }: Database): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await sql`select bm25_rebuild(${stores[round % stores.length]})`.execute(db)
  }
}

/** Everything counted, without the numbers that rows happen to have. */
async function counts({ db }: Database): Promise<unknown[]> {
  const { rows } = await sql<{ row: string }>`
    select row::text from (
      select (s.vector_store_id, s.chunks, s.words) as row from bm25_stores s where chunks > 0
      union all select (s.vector_store_id, t.term, t.is_strong, t.chunks) from bm25_terms t left join bm25_stores s on s.id = t.store_id
      union all select (p.chunk_id, t.term, t.is_strong, p.words, p.frequency) from bm25_postings p left join bm25_terms t on t.id = p.term_id
      union all select (chunk_id, words, cardinality(term_ids)) from bm25_chunks
    ) counted order by 1
  `.execute(db)
  return rows.map(({ row }) => row)
}
