import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createBlobStore } from '../store/postgres-blobs.ts'
import { eraseFamily, eraseLost } from './postgres-erase-session.ts'
import { createEventLog } from './postgres-event-log.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await startTestDatabase()
})
afterAll(() => test.stop())

async function log(sessionId: string, rootSessionId?: string): Promise<void> {
  const eventLog = createEventLog({ database: test.database, onFlushed: () => {}, onProblem: () => {} })
  const accepted = { seq: 1, at: new Date(0).toISOString(), type: 'turn.accepted' as const, sessionId, turn: 1 }
  const events = [{ ...accepted, messages: [{ role: 'user', content: 'secret?' }], rootSessionId }]
  eventLog.append({ actorId: `acme.${sessionId}`, tenant: 'acme', sessionId, user: undefined, events })
  await eventLog.stop()
}

async function giveFeedback(sessionId: string): Promise<void> {
  await sql`insert into feedback (tenant, session_id, turn, given_by, rating, answer)
    values ('acme', ${sessionId}, 1, 'key_1', 'up', '{"content":"secret"}')`.execute(test.database.db)
}

async function forgetResponse(sessionId: string): Promise<void> {
  await sql`insert into forgotten_responses (tenant, session_id, turn) values ('acme', ${sessionId}, 1)`.execute(test.database.db)
}

async function rowsOf(sessionId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select (select count(*) from sessions where id = ${sessionId}) + (select count(*) from session_events where session_id = ${sessionId})
      + (select count(*) from forgotten_responses where session_id = ${sessionId})
      + (select count(*) from feedback where session_id = ${sessionId}) + (select count(*) from messages where session_id = ${sessionId}) + (select count(*) from blobs where session_id = ${sessionId}) as count
  `.execute(test.database.db)
  return Number(rows[0]?.count)
}

/** What is shown of an approval lies in its own row and in what was told of it. */
async function keepApproval(sessionId: string): Promise<void> {
  const id = `appr_${sessionId}.1`
  await sql`insert into approvals (tenant, id, session_id, root_session_id, status, risk, assignees, requested_at, seq, approval)
    values ('acme', ${id}, ${sessionId}, ${sessionId}, 'approved', 'low', '{}', now(), 1, '{}')`.execute(test.database.db)
  await sql`insert into notifications (tenant, channel, target, approval_id, seq, payload, delivered_at) values
    ('acme', 'webhook', 'wh_1', ${id}, 1, '{}', now()), ('acme', 'webhook', 'wh_1', ${id}, 2, '{}', null)`.execute(
    test.database.db,
  )
}

async function erase(sessionId: string, isStored: (childId: string) => boolean = () => true): Promise<string[]> {
  const deleted: string[] = []
  const deleteSession = async (child: { sessionId: string }) => {
    deleted.push(child.sessionId)
    return isStored(child.sessionId)
  }
  await eraseFamily({ database: test.database, deleteSession }, { tenant: 'acme', sessionId })
  return deleted
}

it('sessions that a deleted one opened are deleted before it', async () => {
  await Promise.all([log('root'), log('child', 'root'), log('grandchild', 'root'), log('stranger')])
  expect((await erase('root', (childId) => childId !== 'child')).toSorted()).toEqual(['child', 'grandchild'])
  expect(await Promise.all(['root', 'child', 'stranger'].map(rowsOf))).toEqual([0, 0, 3])
})

it('one that is in the log alone is erased from it, and one that is not is told apart', async () => {
  await log('alone')
  await forgetResponse('alone')
  const deps = { database: test.database, deleteSession: async () => false }
  expect(await eraseLost(deps, { tenant: 'other', sessionId: 'alone' })).toBe(false)
  expect(await eraseLost(deps, { tenant: 'acme', sessionId: 'alone' })).toBe(true)
  expect(await rowsOf('alone')).toBe(0)
})

it('approvals of a session are found among many without reading all', async () => {
  const { rows } = await test.database.db.transaction().execute(async (db) => {
    await sql`set local enable_seqscan = off`.execute(db)
    return sql<Record<string, string>>`explain select from approvals where tenant = 'acme' and session_id = 's'`.execute(db)
  })
  expect(JSON.stringify(rows)).toMatch(/Index Cond: \(\(tenant = 'acme'::text\) AND \(session_id = 's'::text\)\)/)
})

it('what approvals of a deleted session showed is gone, told or not', async () => {
  await Promise.all([log('asked'), log('asking')])
  await Promise.all([keepApproval('asked'), keepApproval('asking')])
  await erase('asked')
  const { rows } = await sql`
    select id, (select count(*)::int from notifications where approval_id = approvals.id) as told from approvals order by id
  `.execute(test.database.db)
  expect(rows).toEqual([{ id: 'appr_asking.1', told: 2 }])
  expect(await sql`select 1 from notifications where approval_id = 'appr_asked.1'`.execute(test.database.db)).toMatchObject({
    rows: [],
  })
})

it('a deleted session leaves no row, also none that is written late; others keep theirs', async () => {
  await Promise.all([log('mine'), log('other')])
  const blob = { hash: 'h', json: '{"text":"secret"}' }
  await createBlobStore(test.database).put({ tenant: 'acme', sessionId: 'mine' }, blob)
  await giveFeedback('mine')
  expect(await rowsOf('mine')).toBe(5)
  await erase('mine')
  await log('mine')
  expect(await rowsOf('mine')).toBe(0)
  expect(await rowsOf('other')).toBe(3)
})
