import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createPostgresSessionLog } from './postgres-sessions.ts'

let test: TestDatabase

beforeAll(async () => {
  test = await startTestDatabase()
})
afterAll(() => test.stop())

it('lists on behind a session that was deleted after it was listed, in its own tenant alone', async () => {
  const { db } = test.database
  for (const [id, at] of [
    ['sess_old', '2026-01-01'],
    ['sess_new', '2026-01-02'],
  ])
    await sql`
      insert into sessions (tenant, id, status, title, created_at, updated_at, last_seq) values ('acme', ${id}, 'completed', '', ${at}, ${at}, 1)
    `.execute(db)
  await sql`delete from sessions where id = 'sess_new'`.execute(db)
  const page = { limit: 2, after: 'sess_new', status: undefined, user: undefined }
  const log = createPostgresSessionLog(test.database)
  expect((await log.list({ ...page, tenant: 'acme' })).data.map(({ id }) => id)).toEqual(['sess_old'])
  await expect(log.list({ ...page, tenant: 'rival' })).rejects.toMatchObject({ param: 'after' })
})
