import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import type { Sidecar } from '@weft/mesh'
import { loadHistory } from '../log/postgres-history.ts'
import { compactSettled, type SweepPosition } from './compact-sessions.ts'
import { createBlobStore } from './postgres-blobs.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await startTestDatabase()
})
afterAll(() => test.stop())

beforeEach(async () => {
  await sql`truncate sessions, blobs`.execute(test.database.db)
})

const twoDays = 2 * 86_400_000

async function keepSession(id: string, more: { status?: string; ageMs?: number } = {}): Promise<void> {
  const at = new Date(Date.now() - (more.ageMs ?? twoDays))
  await sql`
    insert into sessions (tenant, id, status, created_at, updated_at, last_seq)
    values ('acme', ${id}, ${more.status ?? 'completed'}, ${at}, ${at}, 5)
  `.execute(test.database.db)
}

/** Sweeps once, with sessions that answer as told, or are compact. */
function sweeper(answer: (actorId: string) => Promise<boolean> = async () => true) {
  const asked: string[] = []
  const warnings: string[] = []
  const sidecar: Pick<Sidecar, 'callActor'> = {
    async callActor({ id }, { schema }) {
      asked.push(id)
      return schema.parse({ isCompact: await answer(id) })
    },
  }
  const logger = { info() {}, warn: (message: string) => void warnings.push(message) }
  const sweep = (after?: SweepPosition) => compactSettled({ database: test.database, sidecar, logger }, after)
  return { sweep, asked, warnings }
}

const compactedIds = async () =>
  (
    await sql<{ id: string }>`select id from sessions where compacted_at is not null order by id`.execute(test.database.db)
  ).rows.map(({ id }) => id)

it('sessions that ended a day ago are compacted once, others are left alone', async () => {
  await keepSession('old')
  await keepSession('waiting', { status: 'awaiting_approval' })
  await keepSession('fresh', { ageMs: 0 })
  const { sweep, asked } = sweeper()
  expect(await sweep()).toEqual({ count: 1, position: undefined })
  expect(await sweep()).toEqual({ count: 0, position: undefined })
  expect(asked).toEqual(['acme.old'])
})

it('a session that cannot be compacted keeps no other from it, and one that is not there any more is not asked again', async () => {
  await keepSession('broken', { ageMs: twoDays + 2_000 })
  await keepSession('gone', { ageMs: twoDays + 1_000 })
  await keepSession('whole')
  const { sweep, asked, warnings } = sweeper(async (actorId) => {
    if (actorId === 'acme.broken') throw new WeftError('internal_error', 'a part is missing')
    if (actorId === 'acme.gone') throw new WeftError('not_found', 'no such session')
    return true
  })
  expect(await sweep()).toMatchObject({ count: 2 })
  expect(await compactedIds()).toEqual(['gone', 'whole'])
  expect(warnings).toHaveLength(1)
  await sweep()
  expect(asked).toEqual(['acme.broken', 'acme.gone', 'acme.whole', 'acme.broken'])
})

it('sweeps go on behind the many that cannot be compacted, and begin anew after the last', async () => {
  for (let n = 0; n < 200; n += 1) await keepSession(`broken-${n}`, { ageMs: twoDays + 60_000 })
  await keepSession('whole')
  const { sweep, asked } = sweeper(async (actorId) => {
    if (actorId.startsWith('acme.broken')) throw new WeftError('internal_error', 'a part is missing')
    return true
  })
  const first = await sweep()
  expect(first).toMatchObject({ count: 0, position: expect.anything() })
  expect(await sweep(first.position)).toEqual({ count: 1, position: undefined })
  expect(asked).toHaveLength(201)
})

it('a message that comes while its session is compacted keeps what it has put out', async () => {
  await keepSession('resumed')
  const blobs = createBlobStore(test.database)
  const session = { tenant: 'acme', sessionId: 'resumed' }
  for (const hash of ['old', 'same']) await blobs.put(session, { hash, json: '{}' })
  await sql`update blobs set created_at = now() - interval '2 days'`.execute(test.database.db)
  const { sweep } = sweeper(async () => {
    for (const hash of ['new', 'same']) await blobs.put(session, { hash, json: '{}' })
    await sql`update sessions set updated_at = now(), status = 'running' where id = 'resumed'`.execute(test.database.db)
    return true
  })
  await sweep()
  const { rows } = await sql<{ hash: string }>`select hash from blobs order by hash`.execute(test.database.db)
  expect(rows.map(({ hash }) => hash)).toEqual(['new', 'same'])
  expect(await compactedIds()).toEqual([])
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
