import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { migrateDown, migrateUp, migrationStatus } from './migrate.ts'
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
