import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { migrateUp, openDatabase, sql } from '@weft/database'
import type { TestDatabase } from '@weft/database/testing'
import { findNativePostgres, lastingPort, startNativeDatabase, startTestDatabase, startTestServer } from '@weft/database/testing'
import { embedChunks } from '../embed/embed-chunks.ts'
import { settleEmbeddingModel } from '../embed/postgres-embedding-models.ts'
import { searchVectors } from '../search/postgres-search-vectors.ts'
import type { HeldVectors } from '../search/search-tools.ts'
import { fakeEmbedder, loadAsChunks } from '../testing.ts'
import { holdVectors } from './hold-vectors.ts'

const tenant = 'acme'
const embedder = fakeEmbedder()
let test: TestDatabase
let stores: string[]
let held: HeldVectors

beforeAll(async () => {
  test = await startTestDatabase()
  await settle(test)
  stores = [await load(test, 40), await load(test, 30)]
  held = holdVectors(test)
})
afterAll(() => test.stop())

const changes: Record<string, () => Promise<unknown>> = {
  'are as they were first': async () => undefined,
  come: () => load(test, 5, stores[0]),
  'are made again': () => run(sql`update chunk_embeddings set embedding = embedding * '${sql.raw(halves(0.5))}'::halfvec`),
  go: () => run(sql`delete from chunk_embeddings where chunk_id in (select id from chunks where text like '%automobile%')`),
  'are several of a chunk': () =>
    run(sql`insert into chunk_embeddings (model, chunk_id, n, tenant, vector_store_id, text_hash, embedding)
      select model, chunk_id, 1, tenant, vector_store_id, text_hash, (${halves(0.1)})::halfvec from chunk_embeddings where n = 0`),
  'go with their chunks': () => run(sql`delete from chunks where id % 3 = 0`),
  'are of chunks that move to another document': () =>
    run(sql`update chunks set attributes = jsonb_build_object('document_id', 'd' || id % 7)`),
  'go with their store': () => run(sql`delete from vector_stores where id = ${stores[1]}`),
  'are of a model that goes and comes back without them': async () => {
    await run(sql`delete from embedding_models`)
    await run(
      sql`insert into embedding_models (id, dimensions, is_normalised, is_active) values (${embedder.id}, 64, true, true)`,
    )
  },
  'are all emptied': async () => {
    await settle(test)
    await untilHeld()
    await run(sql`truncate chunk_embeddings`)
  },
}

it.each(Object.keys(changes))('finds what the database holds when vectors %s', async (change) => {
  await untilHeld()
  await changes[change]?.()
  await expectSame()
  await untilHeld()
  await expectSame()
})

it('reads all anew where changes were forgotten that it had not seen', async () => {
  await untilHeld()
  for (const count of [3, 2]) await load(test, count, stores[0])
  await run(sql`delete from vector_changes where id < (select max(id) from vector_changes)`)
  await expectSame()
  await untilHeld()
  await expectSame()
})

it('forgets changes that were seen long ago', async () => {
  await untilHeld()
  await run(sql`insert into vector_changes (model, chunks) select 'another', '{}' from generate_series(1, 2_000)`)
  await untilHeld()
  await expectSame()
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from vector_changes`.execute(test.database.db)
  expect(rows[0]?.count).toBeLessThan(1_000)
})

it('holds no store of another tenant, and none for which there is no room', async () => {
  await untilHeld({ tenant: 'other' })
  expect(await held.search({ ...(await query()), tenant: 'other' })).toEqual({ kind: 'found', hits: [] })
  const narrow = holdVectors({ ...test, bytesMax: 1 })
  for (let times = 0; times < 20; times += 1) expect(await narrow.search(await query())).toBeUndefined()
})

it('leaves searches with a filter to the database', async () => {
  expect(await held.search({ ...(await query()), filter: () => sql<boolean>`true` })).toBeUndefined()
})

it('names the model that is searched by where it is another, and finds nothing where there is none', async () => {
  await untilHeld()
  const other = await fakeEmbedder('test/other', 96).describe()
  expect(await held.search({ ...(await query()), model: other })).toEqual({
    kind: 'other_model',
    model: { id: embedder.id, dimensions: 64 },
  })
  await run(sql`update embedding_models set is_active = false`)
  expect(await held.search(await query())).toEqual({ kind: 'found', hits: [] })
})

it('does not take the data of a server for those of another that took its place', async () => {
  const port = await lastingPort()
  const database = openDatabase({ urls: [`postgres://postgres@127.0.0.1:${port}/postgres`] })
  const copies = holdVectors({ database })
  for (const count of [20, 10]) {
    const server = await startTestServer({ port })
    await migrateUp(database)
    await settle({ database })
    const store = await load({ database }, count, 'vs_same')
    const asked = { ...(await query()), vectorStoreIds: [store] }
    for (let found = await copies.search(asked); ; found = await copies.search(asked)) {
      expect(found === undefined || found.kind === 'other_model' ? count : found.hits.length).toBe(count)
      if (found !== undefined) break
    }
    await server.stop()
  }
  await database.stop()
})

const native = findNativePostgres()
const itOnNative = native === undefined ? it.skip : it

itOnNative('leaves every search of a native PostgreSQL to it', async () => {
  const { database, stop } = await startNativeDatabase(native ?? '')
  expect(await holdVectors({ database }).search(await query())).toBeUndefined()
  await stop()
})

type Asked = { database: TestDatabase['database'] }

async function settle({ database }: Asked): Promise<void> {
  await settleEmbeddingModel(database, { chosen: embedder, canEmbed: () => true })
  while ((await embedChunks({ database, embedder })).embedded > 0);
}

const words = ['car', 'automobile', 'street', 'river', 'bread', 'number']

/** Documents of three words and one of their own, embedded. */
async function load(asked: Asked, count: number, storeId?: string): Promise<string> {
  const documents = Array.from({ length: count }, (_, n) => ({
    _id: String(n),
    title: '',
    text: `${words[n % 6]} ${words[(n * 5 + 2) % 6]} w${'abcdefghij'[n % 10]}${'klmnopqrst'[Math.floor(n / 10)]}`,
    metadata: {},
  }))
  const made = await loadAsChunks(asked.database, { name: '', documents, queries: [], judgements: new Map() }, tenant)
  if (storeId !== undefined) {
    const { db } = asked.database
    await sql`insert into vector_stores (id, tenant, name) values (${storeId}, ${tenant}, '') on conflict do nothing`.execute(db)
    await sql`update chunks set vector_store_id = ${storeId} where vector_store_id = ${made}`.execute(db)
  }
  while ((await embedChunks({ database: asked.database, embedder })).embedded > 0);
  await settle(asked)
  return storeId ?? made
}

async function query() {
  const { vectors } = await embedder.embed({ texts: ['car street'], purpose: 'query' })
  const vector = vectors[0]?.[0] ?? new Float32Array()
  return { tenant, vectorStoreIds: stores, model: await embedder.describe(), vector, limit: 100, wanted: 10 }
}

async function run(statement: ReturnType<typeof sql>): Promise<void> {
  await statement.execute(test.database.db)
}

function halves(value: number): string {
  return `[${new Array<number>(64).fill(value)}]`
}

async function untilHeld(of: { tenant?: string } = {}): Promise<void> {
  while ((await held.search({ ...(await query()), ...of })) === undefined);
}

/** What is held answers nothing yet, or what the database does. */
async function expectSame(): Promise<void> {
  const asked = await query()
  const [found, stored] = [await held.search(asked), await searchVectors(test.database, asked)]
  if (found === undefined) return
  if (found.kind !== 'found' || stored.kind !== 'found') throw new TypeError('both search by the model in use')
  const rounded = stored.hits.map((hit) => ({ ...hit, score: expect.closeTo(hit.score, 3) }))
  expect(found.hits).toHaveLength(stored.hits.length)
  expect(found.hits.toSorted(byId)).toEqual(rounded.toSorted(byId))
}

function byId(a: { chunkId: string }, b: { chunkId: string }): number {
  return Number(a.chunkId) - Number(b.chunkId)
}
