import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Database, migrateDown, migrateUp, openDatabase, searchBm25, sql } from './index.ts'
import { migrations } from './migrate.ts'
import { findNativePostgres, startNativeDatabase, startPlainDatabase, type TestDatabase } from './testing.ts'
import { type ChunkOwner, replaceChunks } from './testing/insert-chunks.ts'
import { rebuildBm25 } from './testing/rebuild-bm25.ts'

const native = findNativePostgres()
let test: TestDatabase
let db: Database['db']

beforeAll(async () => {
  test = await (native === undefined ? startPlainDatabase() : startNativeDatabase(native))
  db = test.database.db
})

afterAll(() => test.stop())

/** A store with a file in it, both new. */
async function place(name: string, tenant = 'a'): Promise<ChunkOwner> {
  const owner = { tenant, vectorStoreId: `vs_${name}`, fileId: `file_${name}`, title: '', attributes: {} }
  await sql`insert into vector_stores (id, tenant, name) values (${owner.vectorStoreId}, ${tenant}, '')`.execute(db)
  await addFile(owner)
  return owner
}

async function addFile({ tenant, fileId }: ChunkOwner): Promise<void> {
  await sql`
    insert into files (id, tenant, filename, bytes, purpose, content_hash) values (${fileId}, ${tenant}, 'f', 1, 'assistants', 'h')
  `.execute(db)
}

const write = (owner: ChunkOwner, texts: string[]) =>
  replaceChunks(
    test.database,
    owner,
    texts.map((text, n) => ({ n, startOffset: 0, endOffset: text.length, page: undefined, heading: undefined, text })),
  )

const search = (owners: ChunkOwner[], query: string, limit = 10) => {
  const vectorStoreIds = owners.map(({ vectorStoreId }) => vectorStoreId)
  return searchBm25(test.database, { tenant: owners[0]?.tenant ?? '', vectorStoreIds, query, limit })
}

/** Everything counted, without the numbers that rows happen to have. */
async function counts(): Promise<unknown[]> {
  const { rows } = await sql<{ row: string }>`
    select row::text from (
      select (s.vector_store_id, s.chunks, s.words) as row from bm25_stores s where chunks > 0
      union all select (s.vector_store_id, t.term, t.is_strong, t.chunks) from bm25_terms t join bm25_stores s on s.id = t.store_id
      union all select (p.chunk_id, t.term, t.is_strong, p.words, p.frequency) from bm25_postings p left join bm25_terms t on t.id = p.term_id
      union all select (chunk_id, words, cardinality(term_ids)) from bm25_chunks
    ) counted order by 1
  `.execute(db)
  return rows.map(({ row }) => row)
}

async function expectExact(): Promise<void> {
  const counted = await counts()
  await rebuildBm25(test.database)
  expect(counted).toEqual(await counts())
}

describe('BM25 in plain SQL', () => {
  it('looks words up in a store that has grown since a connection made its plan', async () => {
    const one = openDatabase({ urls: [test.url], poolSize: 1 })
    const owner = await place('grown')
    const { tenant, vectorStoreId } = owner
    const find = () =>
      one.db.transaction().execute(async (transaction) => {
        const query = { tenant, vectorStoreIds: [vectorStoreId], query: 'swan', limit: 10 }
        const found = await searchBm25({ db: transaction }, query)
        const { rows } = await sql<{ read: number }>`
          select sum(seq_tup_read)::int as read from pg_stat_xact_user_tables where relname in ('bm25_postings', 'bm25_terms')
        `.execute(transaction)
        return { found: found.length, read: rows[0]?.read }
      })
    await write(owner, ['swan', 'duck'])
    await sql`analyze`.execute(db)
    expect((await find()).found).toBe(1)
    await write(
      owner,
      Array.from({ length: 400 }, (_, n) => `duck${n} pond${n % 40} reeds${n % 30} water${n % 20}${n === 7 ? ' swan' : ''}`),
    )
    expect(await find()).toEqual({ found: 1, read: 0 })
    await one.stop()
  })

  it('scores as the formula says: k1 1.2, b .75, and a word of the query as often as it is there', async () => {
    const owner = await place('formula')
    await write(owner, ['heron heron pond', 'heron', 'pond reeds reeds water lake', 'duck'])
    const mean = (3 + 1 + 5 + 1) / 4
    const idf = (n: number) => Math.log(1 + (4 - n + 0.5) / (n + 0.5))
    const gain = (tf: number, length: number) => (tf * 2.2) / (tf + 1.2 * (0.25 + (0.75 * length) / mean))
    const expected = [
      { n: 0, score: 2 * idf(2) * gain(2, 3) + idf(2) * gain(1, 3) },
      { n: 1, score: 2 * idf(2) * gain(1, 1) },
      { n: 2, score: idf(2) * gain(1, 5) },
    ]
    const hits = await search([owner], 'herons by the pond, herons')
    expect(hits.map(({ n, score }) => ({ n, score: score.toFixed(5) }))).toEqual(
      expected.map(({ n, score }) => ({ n, score: score.toFixed(5) })),
    )
  })

  it('counts in the stores that are searched, whatever lies in others, of this tenant or another', async () => {
    const small = await place('alone')
    await write(small, ['an otter', 'a beaver and a beaver', 'a pike'])
    const before = await search([small], 'otter beaver')
    for (const name of ['beside', 'foreign']) {
      await write(
        await place(name, name === 'beside' ? 'a' : 'b'),
        Array.from({ length: 300 }, () => 'otter otter by the river'),
      )
    }
    expect(await search([small], 'otter beaver')).toEqual(before)
  })

  it('ranks several stores as if they were one', async () => {
    const [left, right, both] = [await place('left'), await place('right'), await place('both')]
    const texts = [
      'crane and stork',
      'crane',
      'stork, stork and more storks',
      'a long text about cranes and other birds of the marsh',
    ]
    await write(left, texts.slice(0, 2))
    await write(right, texts.slice(2))
    await write(both, texts)
    const found = async (owners: ChunkOwner[]) =>
      (await search(owners, 'crane stork')).map(({ endOffset, score }) => ({ endOffset, score }))
    expect(await found([left, right])).toEqual(await found([both]))
  })

  it('finds what many words lead to without reading all their chunks, and k when k match', async () => {
    const owner = await place('large')
    const common = ['alpha', 'beta', 'gamma']
    await write(
      owner,
      Array.from({ length: 12_000 }, (_, n) => `${common.join(' ')} ${n % 3_000 === 0 ? 'kingfisher' : `filler${n}`}`),
    )
    const hits = await search([owner], 'alpha beta gamma kingfisher', 10)
    expect(hits).toHaveLength(10)
    expect(hits.map(({ n }) => n).slice(0, 4)).toEqual([0, 3_000, 6_000, 9_000])
  })

  it('leaves alone what is counted when only attributes change', async () => {
    const owner = await place('tagged')
    await write(owner, ['a dipper'])
    const rows = () => sql`select xmin::text, * from bm25_chunks order by chunk_id`.execute(db)
    const before = (await rows()).rows
    await sql`update chunks set attributes = '{"year":1}' where file_id = ${owner.fileId}`.execute(db)
    expect((await rows()).rows).toEqual(before)
  })

  it('follows a text that changes', async () => {
    const owner = await place('changing')
    await write(owner, ['a grebe', 'a coot'])
    await sql`update chunks set text = 'a rail' where file_id = ${owner.fileId} and n = 0`.execute(db)
    expect(await search([owner], 'grebe')).toEqual([])
    expect((await search([owner], 'rail coot')).map(({ n }) => n)).toEqual([0, 1])
    await expectExact()
  })

  it('keeps nothing of a file or a store that is gone', async () => {
    const owner = await place('gone')
    await write(owner, ['a curlew', '', 'two curlews'])
    await sql`delete from files where id = ${owner.fileId}`.execute(db)
    const { rows } = await sql`
      select s.chunks, s.words, (select count(*) from bm25_terms where store_id = s.id) as terms from bm25_stores s
      where vector_store_id = ${owner.vectorStoreId}
    `.execute(db)
    expect(rows).toEqual([{ chunks: '0', words: '0', terms: '0' }])
    await addFile(owner)
    await write(owner, ['a curlew'])
    await sql`delete from vector_stores where id = ${owner.vectorStoreId}`.execute(db)
    const left = await sql`
      select 1 from bm25_terms where store_id not in (select id from bm25_stores)
      union all select 1 from bm25_postings where term_id not in (select id from bm25_terms)
      union all select 1 from bm25_chunks where chunk_id not in (select id from chunks)
    `.execute(db)
    expect(left.rows).toEqual([])
  })

  it('is there again after a migration back and forth', async () => {
    const before = await counts()
    const since = migrations.length - migrations.findIndex(({ name }) => name === '0008-plain-bm25')
    expect((await migrateDown(test.database, since)).at(-1)).toBe('0008-plain-bm25')
    expect((await migrateUp(test.database))[0]).toBe('0008-plain-bm25')
    expect(await counts()).toEqual(before)
  })
})
