import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type Database, sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createEarlierLayout } from './earlier-layout.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await startTestDatabase()
})
afterAll(() => test.stop())

/** What it says once it knows, or after some time. */
async function settled(database: Database, createdAtMs?: number): Promise<boolean> {
  const mayHaveEarlierKeys = createEarlierLayout(database)
  for (let look = 0; look < 100 && mayHaveEarlierKeys(); look += 1) await new Promise((resolve) => setTimeout(resolve, 5))
  return mayHaveEarlierKeys(createdAtMs)
}

it('sessions are looked for where they lay earlier until the database says that none is that old, and on while one is', async () => {
  const { database } = test
  const { db } = database
  expect(createEarlierLayout(database)()).toBe(true)
  await sql`insert into sessions (tenant, id, status, created_at, updated_at) values ('acme', 's1', 'running', now() + interval '1 hour', now())`.execute(
    db,
  )
  expect(await settled(database)).toBe(false)
  await sql`update sessions set created_at = '2026-01-01'`.execute(db)
  expect(await settled(database)).toBe(true)
  expect(await settled(database, Date.parse('2026-01-01'))).toBe(true)
  expect(await settled(database, Date.now() + 3_000_000)).toBe(false)
})

it('and while the database does not know the migration that came after them', async () => {
  await sql`update sessions set created_at = now() + interval '1 hour'`.execute(test.database.db)
  await sql`delete from weft_migrations where name = '0022-texts-in-pieces'`.execute(test.database.db)
  expect(await settled(test.database)).toBe(true)
})
