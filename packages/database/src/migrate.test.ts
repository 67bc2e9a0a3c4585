import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { PGlite } from '@electric-sql/pglite'
import { sql } from 'kysely'
import { migrateDown, migrateUp, migrationStatus } from './migrate.ts'
import { openDatabase } from './open-database.ts'
import { servePgliteSocket } from './pglite-socket.ts'
import { startTestDatabase, type TestDatabase } from './testing.ts'

let test: TestDatabase

beforeAll(async () => {
  test = await startTestDatabase()
})

afterAll(() => test.stop())

it('goes up, down and up again, leaving nothing behind', async () => {
  const tables = async () =>
    (
      await sql<{ name: string }>`select tablename as name from pg_tables where schemaname = 'public'`.execute(test.database.db)
    ).rows.map((row) => row.name)
  expect((await tables()).length).toBeGreaterThan(10)
  expect(await migrateDown(test.database, 99)).toHaveLength(7)
  expect(await tables()).toEqual(['weft_migrations'])
  expect(await migrateUp(test.database)).toHaveLength(7)
  expect((await migrationStatus(test.database)).every((status) => status.appliedAt !== undefined)).toBe(true)
})

it('is applied once when several processes start together', async () => {
  await migrateDown(test.database, 99)
  await sql`drop table weft_migrations`.execute(test.database.db)
  const applied = await Promise.all(Array.from({ length: 5 }, () => migrateUp(test.database)))
  expect(applied.flat().toSorted()).toEqual([
    '0001-knowledge',
    '0002-sessions',
    '0003-approvals',
    '0004-blobs-of-sessions',
    '0005-webhook-rotation',
    '0006-sessions-by-creation',
    '0007-embeddings',
  ])
})

it('finds the newest sessions of a tenant without sorting all of them', async () => {
  const plan = await test.database.db.transaction().execute(async (db) => {
    // So few rows would be sorted.
    await sql`set local enable_sort = off`.execute(db)
    const { rows } = await sql`
      explain select id from sessions where tenant = 't' and (created_at, id) < (now(), 'x') order by created_at desc, id desc limit 21
    `.execute(db)
    return JSON.stringify(rows)
  })
  expect(plan).toMatch(/Index (Only )?Scan using sessions_created/)
  expect(plan).not.toContain('Sort')
})

it('says what to do about a PostgreSQL that cannot search, and changes nothing there', async () => {
  const plain = await PGlite.create()
  const socket = await servePgliteSocket(plain, { port: 0, onBroken: () => undefined })
  const database = openDatabase({ urls: [`postgres://postgres@127.0.0.1:${socket.port}/postgres`] })
  await expect(migrateUp(database)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('pg_textsearch') })
  expect((await migrationStatus(database)).filter((status) => status.appliedAt !== undefined)).toEqual([])
  await database.stop()
  await socket.stop()
  await plain.close()
})
