import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type RawBuilder, sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { settleEmbeddingModel } from '../embed/postgres-embedding-models.ts'
import { buildVectorIndex } from '../embed/postgres-vector-index.ts'
import { fakeEmbedder } from '../testing.ts'
import { compileFilter } from './postgres-filter.ts'
import { searchVectors } from './postgres-search-vectors.ts'

let test: TestDatabase
const dimensions = 64
const embedder = fakeEmbedder('test/short', dimensions)
/** More than are compared one by one. */
const vectors = 2_500
const planted = vectors / 2
let indexesOfFew: string[]
const ones = new Array<number>(dimensions).fill(1)

beforeAll(async () => {
  test = await startTestDatabase()
  await settleEmbeddingModel(test.database, { chosen: embedder, canEmbed: () => true })
  await build()
  indexesOfFew = await indexes()
  await addVectors('many', scatteredVectors())
  await build()
})
afterAll(() => test.stop())

it('has no index while vectors are few, and while more are loaded one of single precision, which the embedded database compares quicker', async () => {
  expect(indexesOfFew).toEqual([])
  expect(await indexes()).toEqual([expect.stringMatching(/::vector\(64\)\) vector_ip_ops/)])
})

it('walks the index of the embedded database as soon as there are many vectors, also before their statistics were gathered', async () => {
  const before = await walks()
  expect(await search()).toMatchObject({ kind: 'found', hits: { length: 100, 0: { startOffset: planted } } })
  expect(await walks()).toBe(before + 1)
})

it('walks on past vectors of another store that are closer, and from then on at once', async () => {
  const closer = Array.from({ length: 200 }, (_, n) => ones.map((one, place) => one + (scattered(n)[place] ?? 0) / 10))
  await search()
  await addVectors('closer', closer)
  for (const looks of [2, 1]) {
    const before = await walks()
    expect(await search()).toMatchObject({ kind: 'found', hits: { length: 100, 0: { startOffset: planted } } })
    expect(await walks()).toBe(before + looks)
  }
})

it('finds what passes a filter, and of a file that is indexed anew what its chunks are like until then', async () => {
  await addFiles({ file_old: { year: 2001 }, file_new: { year: 2024 } })
  expect(await found(2024)).toEqual(['file_new'])
  await sql`update vector_store_files set attributes = '{"year":2024}', status = 'in_progress' where file_id = 'file_old'`.execute(
    test.database.db,
  )
  expect(await found(2024)).toEqual(['file_new'])
  expect(await found(2001)).toEqual(['file_old'])
  expect(await found(1999)).toEqual([])
})

it('finds all that is left in a store that was large before, and nothing once its model is not searched by any more', async () => {
  await search()
  await sql`delete from chunk_embeddings e using chunks c where c.id = e.chunk_id and c.n not between ${planted - 2} and ${planted + 2}`.execute(
    test.database.db,
  )
  expect(await search()).toMatchObject({ kind: 'found', hits: { length: 5, 0: { startOffset: planted } } })
  await sql`update embedding_models set is_active = false`.execute(test.database.db)
  expect(await search()).toEqual({ kind: 'found', hits: [] })
})

async function build() {
  await buildVectorIndex(test.database, await embedder.describe(), { isBulkOver: false })
}

async function indexes(): Promise<string[]> {
  const { rows } = await sql<{ indexdef: string }>`
    select indexdef from pg_indexes where tablename = 'chunk_embeddings' and indexdef like '%hnsw%'
  `.execute(test.database.db)
  return rows.map(({ indexdef }) => indexdef)
}

async function search() {
  const model = await embedder.describe()
  const asked = { tenant: 'acme', vectorStoreIds: ['vs_many'], model, limit: 100, wanted: 10 }
  return searchVectors(test.database, { ...asked, vector: Float32Array.from(ones) })
}

async function found(year: number): Promise<string[]> {
  const filter = (attributes: RawBuilder<unknown>) => compileFilter({ type: 'eq', key: 'year', value: year }, attributes)
  const asked = { tenant: 'acme', vectorStoreIds: ['vs_filtered'], model: await embedder.describe(), limit: 100, wanted: 10 }
  const answer = await searchVectors(test.database, { ...asked, vector: Float32Array.from(ones), filter })
  return answer.kind === 'found' ? answer.hits.map(({ fileId }) => fileId) : []
}

/** Each of one chunk. */
async function addFiles(files: Record<string, object>): Promise<void> {
  const { db } = test.database
  await sql`insert into vector_stores (id, tenant, name) values ('vs_filtered', 'acme', 'filtered')`.execute(db)
  for (const [id, attributes] of Object.entries(files)) {
    await sql`
      with file as (
        insert into files (id, tenant, filename, bytes, purpose, content_hash) values (${id}, 'acme', ${id}, 1, 'assistants', '') returning id, tenant
      ), member as (
        insert into vector_store_files (vector_store_id, file_id, tenant, attributes, status)
        select 'vs_filtered', id, tenant, ${JSON.stringify(attributes)}::jsonb, 'completed' from file
      ), added as (
        insert into chunks (tenant, vector_store_id, file_id, n, start_offset, end_offset, title, text, attributes)
        select tenant, 'vs_filtered', id, 0, 0, 1, '', 'text', ${JSON.stringify(attributes)}::jsonb from file returning id
      )
      insert into chunk_embeddings (model, chunk_id, n, tenant, vector_store_id, text_hash, embedding)
      select ${embedder.id}, id, 0, 'acme', 'vs_filtered', '', ${`[${ones}]`}::halfvec from added
    `.execute(db)
  }
}

/** Each of a chunk of one file, in a store of its own. */
async function addVectors(name: string, values: number[][]): Promise<void> {
  const { db } = test.database
  const [store, file] = [`vs_${name}`, `file_${name}`]
  await sql`insert into vector_stores (id, tenant, name) values (${store}, 'acme', ${name})`.execute(db)
  await sql`insert into files (id, tenant, filename, bytes, purpose, content_hash) values (${file}, 'acme', ${name}, 1, 'assistants', '')`.execute(
    db,
  )
  await sql`
    with given as (
      select n - 1 as n, value from unnest(${values.map((value) => `[${value}]`)}::text[]) with ordinality as given(value, n)
    ), added as (
      insert into chunks (tenant, vector_store_id, file_id, n, start_offset, end_offset, title, text)
      select 'acme', ${store}, ${file}, n, n, n + 1, '', 'text ' || n from given returning id, n
    )
    insert into chunk_embeddings (model, chunk_id, n, tenant, vector_store_id, text_hash, embedding)
    select ${embedder.id}, added.id, 0, 'acme', ${store}, '', given.value::halfvec from added join given using (n)
  `.execute(db)
}

/** And one that is far closer than they to what is asked for. */
function scatteredVectors(): number[][] {
  return Array.from({ length: vectors }, (_, n) => (n === planted ? ones : scattered(n)))
}

function scattered(n: number): number[] {
  return ones.map((_, place) => Math.sin(n * 12.9 + place * 78.2) / 2)
}

/** How often an index of vectors was walked. */
async function walks(): Promise<number> {
  const { db } = test.database
  await sql`select pg_stat_force_next_flush()`.execute(db)
  const { rows } = await sql<{ count: number }>`
    select sum(idx_scan)::int as count from pg_stat_user_indexes where indexrelname like 'chunk_embeddings_of_%'
  `.execute(db)
  return rows[0]?.count ?? 0
}
