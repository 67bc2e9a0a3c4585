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

it('keeps no call out for another that the database will never take', async () => {
  const warnings: object[] = []
  const logger = { info: () => undefined, warn: (_message: string, details?: object) => warnings.push(details ?? {}) }
  const unstorable = { ...record('call_never', 3_000), turn: 2 ** 40 }
  await storeRecords({ calls, logger }, [record('call_before', 3_000), unstorable, record('call_after', 3_000)])
  const { rows } = await sql`select id from model_calls where started_at = to_timestamp(3) order by id`.execute(test.database.db)
  expect(rows).toEqual([{ id: 'call_after' }, { id: 'call_before' }])
  expect(warnings).toEqual([{ callId: 'call_never', cause: expect.any(String) }])
})

it('forgets what is older than it is kept, a part at a time', async () => {
  await calls.store([record('call_old_1', 10), record('call_old_2', 20), record('call_new', 5_000)])
  expect(await calls.forget(900, 1)).toBe(1)
  expect(await calls.forget(900, 10)).toBe(1)
  expect(await calls.forget(900, 10)).toBe(0)
})
