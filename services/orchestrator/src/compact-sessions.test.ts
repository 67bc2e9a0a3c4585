import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import type { Sidecar } from '@weft/mesh'
import { compactSettled } from './compact-sessions.ts'
import { loadHistory } from './postgres-history.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await startTestDatabase()
}, 30_000)
afterAll(() => test.stop())

it('sessions that ended a day ago are compacted once, others are left alone', async () => {
  await sql`
    insert into sessions (tenant, id, status, created_at, updated_at, last_seq) values
      ('acme', 'old', 'completed', now() - interval '2 days', now() - interval '2 days', 5),
      ('acme', 'waiting', 'awaiting_approval', now() - interval '2 days', now() - interval '2 days', 5),
      ('acme', 'fresh', 'completed', now(), now(), 5)
  `.execute(test.database.db)
  const asked: string[] = []
  const sidecar: Pick<Sidecar, 'callActor'> = {
    async callActor({ id }, { schema }) {
      asked.push(id)
      return schema.parse({ isCompact: true })
    },
  }
  const deps = { database: test.database, sidecar }
  expect(await compactSettled(deps)).toBe(1)
  expect(await compactSettled(deps)).toBe(0)
  expect(asked).toEqual(['acme.old'])
})

it('what was said is found again, the newest, in its order', async () => {
  await sql`
    insert into messages (tenant, session_id, turn, role, content, at) values
      ('acme', 'said', 1, 'user', '{"content":"one?"}', now()), ('acme', 'said', 1, 'assistant', '{"content":"one."}', now()),
      ('acme', 'said', 2, 'user', '{"content":"two?"}', now()), ('acme', 'said', 2, 'assistant', '{"content":"two."}', now())
  `.execute(test.database.db)
  const history = await loadHistory(test.database, { tenant: 'acme', sessionId: 'said', limit: 3 })
  expect(history).toEqual([
    { role: 'assistant', content: 'one.' },
    { role: 'user', content: 'two?' },
    { role: 'assistant', content: 'two.' },
  ])
})
