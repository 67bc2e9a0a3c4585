import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { finishOf, lostRecord, startOf } from './call-record.ts'
import { type CallStore, createPostgresCalls } from './postgres-calls.ts'
import { storeRecords } from './store-records.ts'
import { callFacts, completed, price } from './testing/calls.ts'

let test: TestDatabase
let calls: CallStore
beforeAll(async () => {
  test = await startTestDatabase()
  calls = createPostgresCalls(test.database)
})
afterAll(() => test.stop())

const record = (id: string, atMs: number, tenant = 'acme') => ({
  ...startOf(callFacts(id, { scope: { tenant, agent: 'gateway', user: 'nul \0 and half \ud800' } }), atMs),
  ...finishOf(id, completed),
})

it('stores a call once, with the price it was reckoned at, whatever its texts hold', async () => {
  const records = [record('call_1', 1_000), record('call_2', 2_000)]
  await calls.store(records)
  await calls.store([...records, { ...lostRecord(records[0] ?? record('call_1', 0), 40) }])
  const { rows } =
    await sql`select id, outcome, price, cost_usd::float8 as cost, input_tokens::int, user_id from model_calls order by id`.execute(
      test.database.db,
    )
  const stored = { outcome: 'completed', price, cost: 0.0003, input_tokens: 100, user_id: 'nul � and half �' }
  expect(rows).toEqual([
    { id: 'call_1', ...stored },
    { id: 'call_2', ...stored },
  ])
})

it('stores the calls of a batch as they are, whatever some of them have that others lack', async () => {
  const plain = record('call_plain', 4_000)
  const rich = {
    ...record('call_rich', 4_001.5, 'other'),
    ...{
      keyId: 'key_2',
      sessionId: 'sess_1',
      turn: 3,
      receipt: { why: ['cheap'] },
      price: { ...price, outputUsd: 2 },
      measured: false,
    },
  }
  for (const batch of [
    [plain, rich, record('call_last', 4_000)],
    [
      { ...rich, id: 'call_rich_first' },
      { ...plain, id: 'call_plain_second' },
    ],
  ])
    await calls.store(batch)
  const { rows } = await sql`
    select id, tenant, key_id, session_id, turn, receipt, price, measured, extract(epoch from started_at)::float8 as at
    from model_calls where id in ('call_plain', 'call_rich', 'call_last', 'call_rich_first', 'call_plain_second') order by id
  `.execute(test.database.db)
  const plainRow = { tenant: 'acme', key_id: null, session_id: null, turn: null, receipt: null, price, measured: true, at: 4 }
  const richRow = {
    ...{ tenant: 'other', key_id: 'key_2', session_id: 'sess_1', turn: 3, receipt: { why: ['cheap'] } },
    ...{ price: { ...price, outputUsd: 2 }, measured: false, at: 4.001 },
  }
  expect(rows).toEqual([
    { id: 'call_last', ...plainRow },
    { id: 'call_plain', ...plainRow },
    { id: 'call_plain_second', ...plainRow },
    { id: 'call_rich', ...richRow },
    { id: 'call_rich_first', ...richRow },
  ])
})

it('keeps no call out for another that the database will never take', async () => {
  const warnings: object[] = []
  const logger = { info: () => undefined, warn: (_message: string, details?: object) => warnings.push(details ?? {}) }
  const unstorable = { ...record('call_never', 3_000), turn: 2 ** 40 }
  await storeRecords({ calls, logger }, [record('call_before', 3_000), unstorable, record('call_after', 3_000)])
  const { rows } = await sql`select id from model_calls where started_at = to_timestamp(3) order by id`.execute(test.database.db)
  expect(rows).toEqual([{ id: 'call_after' }, { id: 'call_before' }])
  expect(warnings).toEqual([{ callId: 'call_never', cause: expect.any(String) }])
})
