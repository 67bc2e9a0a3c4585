import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { sql, storableJson } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { approvalOf } from '../testing/approvals.ts'
import { createPostgresNotifications } from './postgres-notifications.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await startTestDatabase()
})
afterAll(() => test.stop())

async function queue(target: string, attempts: number): Promise<void> {
  const payload = { type: 'approval.requested', timestamp: new Date(0).toISOString(), data: approvalOf({}) }
  await sql`
    insert into notifications (tenant, channel, target, approval_id, seq, payload, attempts, due_at)
    values ('acme', 'pubsub', ${target}, 'appr_1', 1, ${storableJson(payload)}::jsonb, ${attempts}, now() + interval '2 hours')
  `.execute(test.database.db)
}

it('what is due further ahead than it would wait, because the clock was set back, is delivered now', async () => {
  const take = () =>
    createPostgresNotifications(test.database).take({ limit: 8, leaseMs: 90_000, attemptsMax: 14, busyTargets: [] })
  await queue('new', 0)
  await queue('failed', 1)
  await queue('patient', 12)
  expect((await take()).map(({ target }) => target)).toEqual(['new', 'failed'])
  expect(await take()).toEqual([])
})

it('what somebody took whose statement began a moment later is left to them', async () => {
  await queue('raced', 1)
  await sql`update notifications set due_at = now() + interval '91 seconds' where target = 'raced'`.execute(test.database.db)
  const store = createPostgresNotifications(test.database)
  expect(await store.take({ limit: 8, leaseMs: 90_000, attemptsMax: 14, busyTargets: [] })).toEqual([])
})
