import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { replaceChunks } from './insert-chunks.ts'
import { migrateDown, migrateUp, migrationStatus } from './migrate.ts'
import { openDatabase } from './open-database.ts'
import { startPgliteServer } from './pglite-server.ts'
import { searchBm25 } from './postgres-search-bm25.ts'
import { startTestDatabase, type TestDatabase } from './testing.ts'

let test: TestDatabase

beforeAll(async () => {
  test = await startTestDatabase()
}, 30_000)

afterAll(() => test.stop())

it('goes up, down and up again, leaving nothing behind', async () => {
  const tables = async () =>
    (
      await sql<{ name: string }>`select tablename as name from pg_tables where schemaname = 'public'`.execute(test.database.db)
    ).rows.map((row) => row.name)
  expect((await tables()).length).toBeGreaterThan(10)
  expect(await migrateDown(test.database, 99)).toHaveLength(2)
  expect(await tables()).toEqual(['weft_migrations'])
  expect(await migrateUp(test.database)).toHaveLength(2)
  expect((await migrationStatus(test.database)).every((status) => status.appliedAt !== undefined)).toBe(true)
}, 20_000)

it('is applied once when several processes start together', async () => {
  await migrateDown(test.database, 99)
  await sql`drop table weft_migrations`.execute(test.database.db)
  const applied = await Promise.all(Array.from({ length: 5 }, () => migrateUp(test.database)))
  expect(applied.flat().toSorted()).toEqual(['0001-knowledge', '0002-sessions'])
}, 20_000)

it('finds k chunks of a small store when k match, whatever lies in larger stores beside it', async () => {
  const { database } = test
  await sql`insert into vector_stores (id, tenant, name) values ('vs_small', 'a', 's'), ('vs_large', 'a', 'l'), ('vs_other', 'b', 'o')`.execute(
    database.db,
  )
  await sql`insert into files (id, tenant, filename, bytes, purpose, content_hash) values ('file_1', 'a', 'f', 1, 'assistants', 'h'), ('file_2', 'b', 'f', 1, 'assistants', 'h')`.execute(
    database.db,
  )
  const chunk = (n: number, text: string) => ({ n, startOffset: 0, endOffset: 1, page: undefined, heading: undefined, text })
  const owner = (tenant: string, vectorStoreId: string, fileId: string) => ({
    tenant,
    vectorStoreId,
    fileId,
    title: '',
    attributes: {},
  })
  await replaceChunks(
    database,
    owner('a', 'vs_large', 'file_1'),
    Array.from({ length: 2_000 }, (_, n) => chunk(n, `ocean tide number ${n}`)),
  )
  await replaceChunks(database, owner('b', 'vs_other', 'file_2'), [chunk(0, 'ocean tide of another tenant')])
  await replaceChunks(
    database,
    owner('a', 'vs_small', 'file_1'),
    Array.from({ length: 8 }, (_, n) => chunk(n, `a long remark in which the ocean is named once, as number ${n}`)),
  )
  const hits = await searchBm25(database, { tenant: 'a', vectorStoreIds: ['vs_small'], query: 'ocean', limit: 8 })
  expect(hits.map((hit) => hit.vectorStoreId)).toEqual(Array.from({ length: 8 }, () => 'vs_small'))
  expect(hits.every((hit) => hit.score > 0)).toBe(true)
  expect(await searchBm25(database, { tenant: 'a', vectorStoreIds: ['vs_other'], query: 'ocean', limit: 8 })).toEqual([])
  expect(await searchBm25(database, { tenant: 'a', vectorStoreIds: ['vs_small'], query: 'volcano', limit: 8 })).toEqual([])
  expect(await searchBm25(database, { tenant: 'a', vectorStoreIds: ['vs_small'], query: 'the of', limit: 8 })).toEqual([])
}, 20_000)

it('says that the database is not reachable, and heals when it is back', async () => {
  const first = await startPgliteServer({ port: 0 })
  const database = openDatabase({ urls: [`postgres://postgres@127.0.0.1:${first.port}/postgres`] })
  expect(await database.isHealthy()).toBe(true)
  await first.stop()
  await expect(sql`select 1`.execute(database.db)).rejects.toMatchObject({ code: 'dependency_unavailable' })
  const second = await startPgliteServer({ port: first.port })
  expect(await database.isHealthy()).toBe(true)
  await database.stop()
  await second.stop()
}, 30_000)

it('uses the next URL while the first is away', async () => {
  const database = openDatabase({ urls: ['postgres://postgres@127.0.0.1:1/postgres', test.url] })
  expect((await sql<{ one: number }>`select 1 as one`.execute(database.db)).rows).toEqual([{ one: 1 }])
  await database.stop()
})
