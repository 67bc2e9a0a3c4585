import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createBlobStore } from './postgres-blobs.ts'
import { eraseFamily } from './postgres-erase-session.ts'
import { createEventLog } from './postgres-event-log.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await startTestDatabase()
}, 30_000)
afterAll(() => test.stop())

async function log(sessionId: string, rootSessionId?: string): Promise<void> {
  const eventLog = createEventLog({ database: test.database, onFlushed: () => {}, onProblem: () => {} })
  const accepted = { seq: 1, at: new Date(0).toISOString(), type: 'turn.accepted' as const, sessionId, turn: 1 }
  const events = [{ ...accepted, messages: [{ role: 'user', content: 'secret?' }], rootSessionId }]
  eventLog.append({ actorId: `acme.${sessionId}`, tenant: 'acme', sessionId, user: undefined, events })
  await eventLog.stop()
}

async function rowsOf(sessionId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select (select count(*) from sessions where id = ${sessionId}) + (select count(*) from session_events where session_id = ${sessionId})
      + (select count(*) from messages where session_id = ${sessionId}) + (select count(*) from blobs where session_id = ${sessionId}) as count
  `.execute(test.database.db)
  return Number(rows[0]?.count)
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

it('a deleted session leaves no row, also none that is written late; others keep theirs', async () => {
  await Promise.all([log('mine'), log('other')])
  const blob = { hash: 'h', json: '{"text":"secret"}' }
  await createBlobStore(test.database).put({ tenant: 'acme', sessionId: 'mine' }, blob)
  expect(await rowsOf('mine')).toBe(4)
  await erase('mine')
  await log('mine')
  expect(await rowsOf('mine')).toBe(0)
  expect(await rowsOf('other')).toBe(3)
})
