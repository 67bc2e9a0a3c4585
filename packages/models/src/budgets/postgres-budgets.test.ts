import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals'
import type { PutBudget } from '@weft/contracts'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { newCallId } from '../attempt/call-id.ts'
import { createPostgresCalls } from '../ledger/postgres-calls.ts'
import type { CallRecord } from '../ledger/call-record.ts'
import { createPostgresBudgetBank } from './postgres-budget-bank.ts'
import { createPostgresBudgets } from './postgres-budgets.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await startTestDatabase()
})
afterAll(() => test.stop())
beforeEach(async () => {
  for (const table of ['budget_leases', 'budget_holders', 'budgets', 'model_calls', 'notifications', 'webhooks', 'api_keys'])
    await sql`delete from ${sql.table(table)}`.execute(test.database.db)
})

const life = 'lifeletter'
const monthly: PutBudget = { scope: 'user', id: 'ann', limitUsd: 10, period: 'month', onBreach: 'reject' }
const store = () => createPostgresBudgets(test.database)

/** The ledger records a call of this cost. */
async function record(costUsd: number, more: Partial<CallRecord> = {}): Promise<void> {
  const call: CallRecord = {
    id: newCallId(life),
    kind: 'chat',
    tenant: 'acme',
    user: 'ann',
    agent: 'gateway',
    model: 'openai/m',
    provider: 'openai',
    priceKnown: true,
    attempt: 1,
    firstCallId: 'call_first',
    isStreamed: false,
    startedAtMs: Date.now(),
    outcome: 'completed',
    inputTokens: 1,
    outputTokens: 1,
    costUsd,
    measured: true,
    ...more,
  }
  await createPostgresCalls(test.database).store([call])
  // Told twice, as after a kill in between.
  await createPostgresCalls(test.database).store([call])
}

it('what the ledger records is spent once, of every budget that bounds it and of no other', async () => {
  await store().put('acme', monthly)
  await store().put('acme', { scope: 'tenant', limitUsd: 100, period: 'day', onBreach: 'reject' })
  await store().put('acme', { ...monthly, id: 'bob' })
  await store().put('other', { scope: 'tenant', limitUsd: 100, period: 'day', onBreach: 'reject' })
  await record(0.123_456_789)
  expect((await store().list('acme')).map(({ spentNano }) => spentNano)).toEqual([123_456_789, 123_456_789, 0])
  expect(await store().list('other')).toMatchObject([{ spentNano: 0 }])
})

it('a new budget begins with what was spent in its period before it was made', async () => {
  await record(2)
  await record(3, { user: 'bob' })
  await record(4, { startedAtMs: Date.now() - 40 * 86_400_000 })
  expect(await store().put('acme', monthly)).toMatchObject({ spentNano: 2e9 })
  expect(await store().put('acme', { ...monthly, limitUsd: 1 })).toMatchObject({ spentNano: 2e9, limitNano: 1e9 })
  expect(await store().put('acme', { scope: 'service', limitUsd: 1, period: 'total', onBreach: 'ask' })).toMatchObject({
    spentNano: 9e9,
  })
})

it('a call that is recorded is taken off what its process holds, and a dead process gives the rest back once its calls are recorded', async () => {
  const { id, startMs } = await store().put('acme', monthly)
  const bank = createPostgresBudgetBank(test.database, 0)
  await bank.take(life, [{ budgetId: id, periodStartMs: startMs, needNano: 5e9, mostNano: 5e9 }])
  await record(2)
  expect(await store().find(id)).toMatchObject({ spentNano: 2e9, reservedNano: 3e9 })
  expect(await bank.releaseDead(60_000)).toEqual([])
  await record(1, { outcome: 'lost' })
  await sql`update budget_holders set adopted_at = adopted_at - interval '6 seconds'`.execute(test.database.db)
  expect(await bank.releaseDead(60_000)).toEqual([life])
  expect(await store().find(id)).toMatchObject({ spentNano: 3e9, reservedNano: 0 })
})

it('a dead process whose calls were all recorded gives back what it held too, once its journal was found', async () => {
  const { id, startMs } = await store().put('acme', monthly)
  const bank = createPostgresBudgetBank(test.database, 0)
  await bank.take(life, [{ budgetId: id, periodStartMs: startMs, needNano: 5e9, mostNano: 5e9 }])
  expect(await bank.releaseDead(60_000)).toEqual([])
  await createPostgresCalls(test.database).noteGone(life)
  expect(await store().find(id)).toMatchObject({ reservedNano: 0 })
  // Asked for before its end, and granted after it.
  await bank.take(life, [{ budgetId: id, periodStartMs: startMs, needNano: 5e9, mostNano: 5e9 }])
  await sql`update budget_holders set adopted_at = adopted_at - interval '6 seconds'`.execute(test.database.db)
  expect(await bank.releaseDead(60_000)).toEqual([life])
  expect(await store().find(id)).toMatchObject({ reservedNano: 0 })
})

it('a process that lives is not released, and one that nobody speaks for is after a while', async () => {
  const { id, startMs } = await store().put('acme', monthly)
  const ask = { budgetId: id, periodStartMs: startMs, needNano: 1e9, mostNano: 1e9 }
  await createPostgresBudgetBank(test.database, 60_000).take('alive', [ask])
  const bank = createPostgresBudgetBank(test.database, 0)
  await bank.take('silent', [ask])
  expect(await bank.releaseDead(0)).toEqual(['silent'])
  expect(await store().find(id)).toMatchObject({ reservedNano: 1e9 })
})

async function alerts(): Promise<unknown[]> {
  const { rows } = await sql<{ channel: string; target: string; percent: number; spent: number }>`
    select channel, target, seq as percent, (payload->'data'->>'spentUsd')::float8 as spent from notifications order by channel, seq
  `.execute(test.database.db)
  return rows
}

it('half, four fifths and all of a budget are told once in its period, to webhooks and administrators with an address', async () => {
  await sql`insert into webhooks (tenant, id, url, secrets) values ('acme', 'wh_1', '', '{s}'), ('other', 'wh_2', '', '{s}')`.execute(
    test.database.db,
  )
  await sql`
    insert into api_keys (id, tenant, name, key_hash, key_prefix, scopes)
    values ('k1', 'acme', 'boss@example.com', 'a', '', '{admin}'), ('k2', 'acme', 'chat@example.com', 'b', '', '{chat}')
  `.execute(test.database.db)
  await store().put('acme', monthly)
  await record(4)
  expect(await alerts()).toEqual([])
  await Promise.all([record(1), record(0.5), record(0.5)])
  expect(await alerts()).toMatchObject([
    { channel: 'email', target: 'boss@example.com', percent: 50 },
    { channel: 'webhook', target: 'wh_1', percent: 50 },
  ])
  await record(3)
  await record(0.5)
  await record(1.5)
  expect(await alerts()).toMatchObject([50, 80, 100, 50, 80, 100].map((percent) => ({ percent })))
})

it('a budget with no room for a call is told as used up, unless the call was just too large', async () => {
  await sql`insert into webhooks (tenant, id, url, secrets) values ('acme', 'wh_1', '', '{s}')`.execute(test.database.db)
  const { id, startMs } = await store().put('acme', monthly)
  const bank = createPostgresBudgetBank(test.database, 1_000)
  const full = { budgetId: id, periodStartMs: startMs }
  await record(1)
  await bank.noteFull(full)
  expect(await alerts()).toEqual([])
  await record(8.5)
  await Promise.all([bank.noteFull(full), bank.noteFull(full)])
  expect(await alerts()).toMatchObject([{ percent: 50 }, { percent: 80 }, { percent: 100, spent: 9.5 }])
})
