import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { type Bm25Query, dropStoreIndex, indexStoreWords, migrateUp, searchBm25, sql } from './index.ts'
import { findNativePostgres, startNativeDatabase, startPlainDatabase, startTestDatabase, type TestDatabase } from './testing.ts'
import { type NewChunk, replaceChunks } from './testing/insert-chunks.ts'
import { rebuildBm25 } from './testing/rebuild-bm25.ts'

let test: TestDatabase

const chunksOf = (texts: string[]): NewChunk[] =>
  texts.map((text, n) => ({ n, startOffset: 0, endOffset: text.length, page: undefined, heading: undefined, text }))

interface Place {
  tenant?: string
  vectorStoreId: string
  fileId?: string
  attributes?: object
}

async function fill(
  { tenant = 'a', vectorStoreId, fileId = `file_${vectorStoreId}`, attributes = {} }: Place,
  texts: string[],
): Promise<void> {
  const { db } = test.database
  await sql`insert into vector_stores (id, tenant, name) values (${vectorStoreId}, ${tenant}, '') on conflict do nothing`.execute(
    db,
  )
  await sql`
    insert into files (id, tenant, filename, bytes, purpose, content_hash) values (${fileId}, ${tenant}, 'f', 1, 'assistants', 'h') on conflict do nothing
  `.execute(db)
  await replaceChunks(test.database, { tenant, vectorStoreId, fileId, title: '', attributes }, chunksOf(texts))
}

const search = (more: Partial<Bm25Query> & { query: string }) =>
  searchBm25(test.database, { tenant: 'a', vectorStoreIds: ['vs_small'], limit: 8, ...more })

const Document = z.object({ _id: z.string(), title: z.string().optional(), text: z.string() })
const collections = process.env.WEFT_COLLECTIONS ?? join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'collections')
const isHere = existsSync(join(collections, 'scifact', 'corpus.jsonl'))
const lines = (...path: string[]) =>
  readFileSync(join(collections, ...path), 'utf8')
    .trim()
    .split('\n')
const documents = (...path: string[]) => lines(...path).map((line) => Document.parse(JSON.parse(line)))

if (!isHere)
  process.stderr.write(`SKIPPED: no collections at ${collections}; set WEFT_COLLECTIONS to check the quality of BM25\n`)

const native = findNativePostgres()
const starts: Record<string, (() => Promise<TestDatabase>) | undefined> = {
  'pg_textsearch, embedded': startTestDatabase,
  'plain SQL, embedded': startPlainDatabase,
  'plain SQL, native PostgreSQL': native === undefined ? undefined : () => startNativeDatabase(native),
}

for (const [name, start] of Object.entries(starts)) {
  // SciFact takes PGlite half a minute in plain SQL, which says the same of it as the native server.
  const isRanked = isHere && start !== (native === undefined ? undefined : startPlainDatabase)
  if (start !== undefined) describe(`searching by ${name}`, () => holdPromises(start, isRanked ? it : it.skip))
}

describe('a store with an index of its own', () => {
  beforeAll(async () => {
    test = await startTestDatabase()
  })
  afterAll(() => test.stop())

  const scored = async (vectorStoreIds: string[]) =>
    (await search({ query: 'ocean heron', vectorStoreIds })).map(({ n, score }) => ({ n, score: Number(score.toFixed(3)) }))
  const texts = ['the ocean is wide', 'a heron by the ocean, and one more heron', 'the heron sleeps', 'nothing of either']

  it('is ranked the same whatever lies in stores beside it, which one without is not', async () => {
    await indexStoreWords(test.database, 'vs_own')
    await fill({ vectorStoreId: 'vs_own' }, texts)
    await fill({ vectorStoreId: 'vs_shared' }, texts)
    const [own, shared] = [await scored(['vs_own']), await scored(['vs_shared'])]
    await fill(
      { vectorStoreId: 'vs_beside', tenant: 'b' },
      Array.from({ length: 500 }, (_, n) => `ocean number ${n}`),
    )
    expect(await scored(['vs_own'])).toEqual(own)
    expect(own.map(({ n }) => n)).toEqual([1, 0, 2])
    expect(await scored(['vs_shared'])).not.toEqual(shared)
    expect(await search({ query: 'heron', vectorStoreIds: ['vs_own', 'vs_shared'] })).toHaveLength(4)
    expect(await search({ query: 'heron', vectorStoreIds: ['vs_own'], filter: sql<boolean>`n = 2` })).toHaveLength(1)
  })

  it('is rebuilt with the others, and loses its index when it goes', async () => {
    await rebuildBm25(test.database)
    expect(await scored(['vs_own'])).toHaveLength(3)
    await dropStoreIndex(test.database, 'vs_own')
    expect(await scored(['vs_own'])).toHaveLength(3)
    await indexStoreWords(test.database, "vs_x'; drop table chunks; --")
  })

  it('is one of 64 at most, however many stores are made at once', async () => {
    await Promise.all(Array.from({ length: 70 }, (_, n) => indexStoreWords(test.database, `vs_many${n}`)))
    const { rows } = await sql<{
      n: number
    }>`select count(*)::int as n from pg_class where relname like 'chunks\\_bm25\\_of\\_%'`.execute(test.database.db)
    expect(rows[0]?.n).toBe(64)
  })
})

function holdPromises(start: () => Promise<TestDatabase>, withCollections: typeof it | typeof it.skip): void {
  beforeAll(async () => {
    test = await start()
    await fill(
      { vectorStoreId: 'vs_large' },
      Array.from({ length: 3_000 }, (_, n) => `ocean tide number ${n}`),
    )
    await fill({ vectorStoreId: 'vs_other', tenant: 'b' }, ['ocean tide of another tenant'])
    await fill(
      { vectorStoreId: 'vs_small' },
      Array.from({ length: 8 }, (_, n) => `a long remark in which the ocean is named once, as number ${n}`),
    )
  })

  afterAll(() => test.stop())

  it('finds k chunks of a small store when k match, whatever lies in larger stores beside it', async () => {
    const hits = await search({ query: 'ocean' })
    expect(hits.map((hit) => hit.fileId)).toEqual(Array.from({ length: 8 }, () => 'file_vs_small'))
    expect(hits.every((hit) => hit.score > 0)).toBe(true)
  })

  it('orders by score, best first, and equal scores by id', async () => {
    await fill({ vectorStoreId: 'vs_order' }, ['a heron', 'a heron and a heron', 'a heron', 'a duck'])
    const hits = await search({ query: 'heron', vectorStoreIds: ['vs_order'] })
    expect(hits.map((hit) => hit.n)).toEqual([1, 0, 2])
    expect(hits[1]?.score).toBe(hits[2]?.score)
  })

  it('finds nothing in a store of another tenant, for absent words, for stop words and in no store', async () => {
    expect(await search({ query: 'ocean', vectorStoreIds: ['vs_other'] })).toEqual([])
    expect(await search({ query: 'volcano' })).toEqual([])
    expect(await search({ query: 'the of' })).toEqual([])
    expect(await search({ query: ' \0 ' })).toEqual([])
    expect(await search({ query: 'ocean', vectorStoreIds: [] })).toEqual([])
  })

  it('takes any text as a query', async () => {
    expect(await search({ query: `ocean' & !("|<-> :* \0 \\ ${'ocean '.repeat(5_000)}` })).toHaveLength(8)
  })

  it('applies a filter without losing results to it', async () => {
    await fill(
      { vectorStoreId: 'vs_tagged', fileId: 'file_x', attributes: { year: 2001 } },
      Array.from({ length: 400 }, () => 'ocean ocean ocean'),
    )
    await fill({ vectorStoreId: 'vs_tagged', fileId: 'file_y', attributes: { year: 2002 } }, [
      'ocean and much else that makes it score less',
    ])
    const hits = await search({
      query: 'ocean',
      vectorStoreIds: ['vs_tagged'],
      filter: sql<boolean>`attributes @@ '$.year == 2002'`,
    })
    expect(hits.map((hit) => hit.fileId)).toEqual(['file_y'])
  })

  it('forgets what was deleted', async () => {
    await fill({ vectorStoreId: 'vs_gone' }, ['an albatross', 'another albatross'])
    expect(await search({ query: 'albatross', vectorStoreIds: ['vs_gone'] })).toHaveLength(2)
    await fill({ vectorStoreId: 'vs_gone' }, ['one albatross left'])
    expect(await search({ query: 'albatross', vectorStoreIds: ['vs_gone'] })).toHaveLength(1)
    await sql`delete from vector_stores where id = 'vs_gone'`.execute(test.database.db)
    expect(await search({ query: 'albatross', vectorStoreIds: ['vs_gone'] })).toEqual([])
  })

  it('finds as much in a store the planner knows nothing about', async () => {
    for (let i = 0; i < 10; i++) expect(await search({ query: `ocean tide ${i}`, vectorStoreIds: ['vs_large'] })).toHaveLength(8)
  })

  withCollections(
    'ranks SciFact as well as the reference, alone and beside another collection (nDCG@10 .6893 ± .01)',
    async () => {
      const corpus = documents('scifact', 'corpus.jsonl')
      await fill(
        { vectorStoreId: 'vs_scifact' },
        corpus.map(({ title, text }) => `${title ?? ''} ${text}`),
      )
      expect(Math.abs((await scifactNdcg(corpus.map((document) => document._id))) - 0.6893)).toBeLessThan(0.01)
      const others = documents('musique100', 'corpus.jsonl')
      await fill(
        { vectorStoreId: 'vs_musique' },
        others.map(({ title, text }) => `${title ?? ''} ${text}`),
      )
      expect(Math.abs((await scifactNdcg(corpus.map((document) => document._id))) - 0.6893)).toBeLessThan(0.01)
    },
  )
}

/** Judgements of SciFact are 0 or 1, so the ideal ranking has all relevant ones first. */
async function scifactNdcg(ids: string[]): Promise<number> {
  const relevant = new Map<string, Set<string>>()
  for (const line of lines('scifact', 'qrels.tsv').slice(1)) {
    const [query = '', document = '', score] = line.split('\t')
    if (score !== '0') relevant.set(query, (relevant.get(query) ?? new Set()).add(document))
  }
  const gain = (rank: number) => 1 / Math.log2(rank + 2)
  let sum = 0
  for (const { _id, text } of documents('scifact', 'queries.jsonl')) {
    const wanted = relevant.get(_id)
    if (wanted === undefined) continue
    const hits = await search({ query: text, vectorStoreIds: ['vs_scifact'], limit: 10 })
    const ideal = Array.from({ length: Math.min(10, wanted.size) }, (_, rank) => gain(rank)).reduce((a, b) => a + b, 0)
    const reached = hits.reduce((total, hit, rank) => total + (wanted.has(ids[hit.n] ?? '') ? gain(rank) : 0), 0)
    sum += reached / ideal
  }
  return sum / relevant.size
}

describe('a dump of the embedded database, restored where there is no pg_textsearch,', () => {
  beforeAll(async () => {
    test = await startTestDatabase()
  })
  afterAll(() => test.stop())

  it('is searched by its words once it is migrated, and what is written from then on is found too', async () => {
    const { db } = test.database
    await fill({ vectorStoreId: 'vs_small' }, ['the notice period is three months', 'leave is thirty days'])
    await sql`drop extension pg_textsearch cascade`.execute(db)
    await migrateUp(test.database)
    expect(await search({ query: 'notice period' })).toMatchObject([{ fileId: 'file_vs_small', n: 0 }])
    await fill({ vectorStoreId: 'vs_small', fileId: 'file_later' }, ['overtime is paid by the hour'])
    expect(await search({ query: 'overtime' })).toMatchObject([{ fileId: 'file_later' }])
    await migrateUp(test.database)
    expect(await search({ query: 'thirty days' })).toHaveLength(1)
  })
})
