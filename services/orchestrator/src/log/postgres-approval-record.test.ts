import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type ChainedLine, chainStart, findBreak, type SessionEvent } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { z } from 'zod'
import { DrivenSession } from '../core/testing.ts'
import { createEventLog } from './postgres-event-log.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await startTestDatabase()
})
afterAll(() => test.stop())

/** A session whose answer needs two approvals, with its first one given. */
function halfApproved(sessionId: string): DrivenSession {
  const session = new DrivenSession()
  session.state = { ...session.state, sessionId }
  session.run([{ stepId: 'answer', approval: { reason: 'money', quorum: 2, assignees: ['ann', 'ben@example.com'] } }])
  session.decide('answer', { action: 'approve', comment: 'fine' })
  return session
}

async function write(tenant: string, sessionId: string, events: SessionEvent[]): Promise<void> {
  const log = createEventLog({ database: test.database, onFlushed: () => {}, onProblem: () => {} })
  log.append({ actorId: `${tenant}.${sessionId}`, tenant, sessionId, user: undefined, events })
  await log.stop()
}

const Line = z.object({
  position: z.coerce.number(),
  approval_id: z.string(),
  session_id: z.string(),
  seq: z.number(),
  at: z.union([z.date(), z.string()]).transform((at) => new Date(at).toISOString()),
  entry: z.record(z.string(), z.unknown()),
  previous_hash: z.string(),
  hash: z.string(),
})

async function historyOf({ db }: Database, tenant: string): Promise<ChainedLine[]> {
  const { rows } = await sql`select * from approval_history where tenant = ${tenant} order by position`.execute(db)
  return z
    .array(Line)
    .parse(rows)
    .map(({ approval_id, session_id, previous_hash, ...line }) => ({
      ...line,
      approvalId: approval_id,
      sessionId: session_id,
      previousHash: previous_hash,
    }))
}

function breaksIn(lines: ChainedLine[]): string[] {
  let before = chainStart
  return lines.flatMap((line) => {
    const why = findBreak(line, before)
    before = line
    return why === undefined ? [] : [why]
  })
}

it('keeps the newest state of an approval, a line for each change, and where its session stands', async () => {
  const session = halfApproved('one')
  await write('acme', 'one', session.events)
  const waiting = await sql`select status from sessions where id = 'one'`.execute(test.database.db)
  expect(waiting.rows).toEqual([{ status: 'awaiting_approval' }])
  const before = session.events.length
  session.decide('answer', { action: 'approve' }, { id: 'ben@example.com' })
  await write('acme', 'one', session.events.slice(before))
  const { rows } = await sql`
    select a.status, a.assignees, s.status as session from approvals a join sessions s on s.id = a.session_id where a.id = 'appr_one.1'
  `.execute(test.database.db)
  expect(rows).toEqual([{ status: 'approved', assignees: ['ann', 'ben@example.com'], session: 'running' }])
  const lines = await historyOf(test.database, 'acme')
  expect(lines.map(({ entry }) => [entry.kind, entry.by])).toEqual([
    ['requested', 'session'],
    ['voted', 'ann'],
    ['decided', 'ben@example.com'],
  ])
  expect(breaksIn(lines)).toEqual([])
})

it('keeps nothing twice, however often the same is told', async () => {
  const { events } = halfApproved('twice')
  await write('twice', 'twice', events)
  await write('twice', 'twice', events)
  expect(await historyOf(test.database, 'twice')).toHaveLength(2)
  const { rows } = await sql`select channel, target from notifications where tenant = 'twice' order by channel`.execute(
    test.database.db,
  )
  expect(rows).toEqual([
    { channel: 'email', target: 'ben@example.com' },
    { channel: 'pubsub', target: 'approvals' },
  ])
})

it('stays one chain when several hosts write at once', async () => {
  await Promise.all(Array.from({ length: 6 }, (_, n) => write('many', `s${n}`, halfApproved(`s${n}`).events)))
  const lines = await historyOf(test.database, 'many')
  expect(lines).toHaveLength(12)
  expect(breaksIn(lines)).toEqual([])
})

it('cannot be changed, and shows when it was all the same', async () => {
  await write('forged', 'forged', halfApproved('forged').events)
  const forge = sql`update approval_history set entry = jsonb_set(entry, '{by}', '"eve"') where tenant = 'forged' and position = 2`
  await expect(forge.execute(test.database.db)).rejects.toThrow('append-only')
  await sql`alter table approval_history disable trigger approval_history_is_append_only`.execute(test.database.db)
  await forge.execute(test.database.db)
  await sql`alter table approval_history enable trigger approval_history_is_append_only`.execute(test.database.db)
  expect(breaksIn(await historyOf(test.database, 'forged'))).toEqual(['line 2 was changed after it was written'])
})

it('asks by letter whom a seat was given to, and nobody again who was asked before', async () => {
  const session = halfApproved('given')
  session.decide('answer', { action: 'delegate', to: 'eve@example.com' }, { id: 'ben@example.com' })
  await write('given', 'given', session.events)
  const { rows } = await sql`
    select target, payload->>'type' as type from notifications where tenant = 'given' and channel = 'email' order by seq
  `.execute(test.database.db)
  expect(rows).toEqual([
    { target: 'ben@example.com', type: 'approval.requested' },
    { target: 'eve@example.com', type: 'approval.delegated' },
  ])
})

it('asks by letter whoever has an asked role, or may decide where nobody is named, and an address as their name', async () => {
  const keys: [name: string, scopes: string, roles: string, revokedAt: string | null][] = [
    ['eve@example.com', '{approve}', '{lead,finance}', null],
    ['eve@example.com', '{approve}', '{finance}', null],
    ['finn', '{approve}', '{finance}', null],
    ['gone@example.com', '{approve}', '{finance}', '2026-01-01'],
    ['chats@example.com', '{chat}', '{finance}', null],
    ['ida@example.com', '{approve}', '{}', null],
  ]
  for (const [n, [name, scopes, roles, revokedAt]] of keys.entries()) {
    await sql`
      insert into api_keys (id, tenant, name, key_hash, key_prefix, scopes, roles, revoked_at)
      values (${`key_${n}`}, 'roles', ${name}, ${Buffer.from(`key ${n}`)}, '', ${scopes}::text[], ${roles}::text[], ${revokedAt}::timestamptz)
    `.execute(test.database.db)
  }
  const session = new DrivenSession()
  session.run([
    { stepId: 'pay', approval: { reason: 'money', assignees: ['role:finance', 'ben@example.com'] } },
    { stepId: 'answer', approval: { reason: 'words' } },
  ])
  await write('roles', 'roles', session.events)
  const { rows } = await sql<{ reason: string; target: string }>`
    select payload->'data'->>'reason' as reason, target from notifications where tenant = 'roles' and channel <> 'pubsub' order by 1, 2
  `.execute(test.database.db)
  expect(rows.map(({ reason, target }) => [reason, target])).toEqual([
    ['money', 'ben@example.com'],
    ['money', 'eve@example.com'],
    ['words', 'eve@example.com'],
    ['words', 'ida@example.com'],
  ])
})

it('keeps the history of a deleted session, and neither lists nor tells anything of it', async () => {
  await sql`insert into deleted_sessions (tenant, id) values ('late', 'late')`.execute(test.database.db)
  await write('late', 'late', halfApproved('late').events)
  expect(await historyOf(test.database, 'late')).toHaveLength(2)
  const { rows } = await sql`
    select id from approvals where tenant = 'late' union all select target from notifications where tenant = 'late'
  `.execute(test.database.db)
  expect(rows).toEqual([])
})

it('tells the webhooks of the tenant, and nobody of a vote', async () => {
  await sql`insert into webhooks (tenant, id, url, secrets) values ('hooked', 'wh_1', 'https://example.com', '{s}')`.execute(
    test.database.db,
  )
  await write('hooked', 'hooked', halfApproved('hooked').events)
  const { rows } = await sql`
    select target, payload->>'type' as type from notifications where tenant = 'hooked' and channel = 'webhook'
  `.execute(test.database.db)
  expect(rows).toEqual([{ target: 'wh_1', type: 'approval.requested' }])
})
