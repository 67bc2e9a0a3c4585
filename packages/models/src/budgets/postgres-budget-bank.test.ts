import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { findNativePostgres, startNativeDatabase, startTestDatabase, type TestDatabase } from '@weft/database/testing'
import fc from 'fast-check'
import { createPostgresBudgetBank } from './postgres-budget-bank.ts'
import { createModelBank } from './testing/model-bank.ts'

const native = findNativePostgres()
let test: TestDatabase

beforeAll(async () => {
  test = native === undefined ? await startTestDatabase() : await startNativeDatabase(native)
})
afterAll(() => test.stop())
beforeEach(async () => {
  await sql`delete from budget_leases`.execute(test.database.db)
  await sql`delete from budget_holders`.execute(test.database.db)
  await sql`delete from budgets`.execute(test.database.db)
})

async function putBudget(id: string, limitNano: number): Promise<void> {
  await sql`
    insert into budgets (id, tenant, scope, scope_id, period, limit_nano, on_breach)
    values (${id}, 'acme', 'agent', ${id}, 'day', ${limitNano}::bigint, 'reject')
  `.execute(test.database.db)
}

async function accountOf(id: string) {
  const { rows } = await sql<{ spent: string; leased: string }>`
    select spent_nano as spent, leased_nano as leased from budget_accounts where budget_id = ${id} and period_start = 'epoch'
  `.execute(test.database.db)
  return { spentNano: Number(rows[0]?.spent ?? 0), leasedNano: Number(rows[0]?.leased ?? 0) }
}

function count(id: string, holder: string, costNano: number) {
  const call = { holder, tenant: 'acme', agent: id, begun_at: new Date(0).toISOString(), cost_nano: costNano }
  return sql`select count_budget_spending(${JSON.stringify([call])}::jsonb)`.execute(test.database.db)
}

const amounts = { a: fc.nat(60), b: fc.nat(60) }
const moves = fc.oneof(
  fc.record({ kind: fc.constant('take'), holder: fc.constantFrom('one', 'two'), ...amounts }),
  fc.record({ kind: fc.constantFrom('renew', 'count'), holder: fc.constantFrom('one', 'two', 'three'), ...amounts }),
  fc.record({ kind: fc.constant('release'), holder: fc.constantFrom('one', 'two'), ...amounts }),
)

it('does what the model of it does, in whatever order it is asked', async () => {
  let round = 0
  const property = fc.asyncProperty(
    fc.nat(3_000),
    fc.nat(3_000),
    fc.array(moves, { maxLength: 25 }),
    async (first, second, script) => {
      round += 1
      const keys = ['a', 'b'].map((name) => ({ budgetId: `${name}${round}`, periodStartMs: 0 }))
      const limits: Record<string, number> = { [`a${round}`]: first, [`b${round}`]: second }
      for (const [id, limit] of Object.entries(limits)) await putBudget(id, limit)
      const bank = createPostgresBudgetBank(test.database, 10_000)
      const model = createModelBank((id) => limits[id] ?? 0)
      const byBudget = (left: { budgetId: string }, right: { budgetId: string }) => left.budgetId.localeCompare(right.budgetId)
      for (const { kind, holder: name, ...sizes } of script) {
        const holder = `${name} ${round}`
        const totals = keys.map((key, n) => ({ ...key, totalNano: n === 0 ? sizes.a : sizes.b }))
        if (kind === 'take') {
          const asks = totals.map(({ totalNano, ...key }) => ({ ...key, needNano: totalNano, mostNano: 5 * totalNano }))
          const [found, expected] = [await bank.take(holder, asks), await model.take(holder, asks)]
          expect({ ...found, answers: found.answers.toSorted(byBudget) }).toEqual({
            isGranted: expected.isGranted,
            answers: expected.answers.map(({ budgetId, periodStartMs, roomNano, grantedNano }) => ({
              budgetId,
              periodStartMs,
              roomNano,
              grantedNano,
            })),
          })
        } else if (kind === 'renew') {
          const found = await bank.renew(holder, totals)
          expect(found.toSorted(byBudget)).toEqual(await model.renew(holder, totals))
        } else if (kind === 'release') {
          await bank.release(holder)
          await model.release(holder)
        } else {
          for (const { budgetId, totalNano, periodStartMs } of totals) {
            await count(budgetId, holder, totalNano)
            model.count({ budgetId, periodStartMs }, holder, totalNano)
          }
        }
        for (const key of keys) {
          const { spentNano, leasedNano } = model.account(key)
          expect(await accountOf(key.budgetId)).toEqual({ spentNano, leasedNano })
        }
      }
    },
  )
  await fc.assert(property, { numRuns: 30, interruptAfterTimeLimit: 15_000 })
})

it('takes of all budgets or of none, however many ask at once, and never more than there is', async () => {
  await putBudget('wide', 10_000)
  await putBudget('narrow', 1_050)
  const bank = createPostgresBudgetBank(test.database, 10_000)
  const asks = ['wide', 'narrow'].map((budgetId) => ({ budgetId, periodStartMs: 0, needNano: 50, mostNano: 50 }))
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, n) => bank.take(`process ${n % 3}`, n % 2 === 0 ? asks : asks.toReversed())),
  )
  expect(answers.filter(({ isGranted }) => isGranted)).toHaveLength(21)
  expect([await accountOf('wide'), await accountOf('narrow')]).toMatchObject([{ leasedNano: 1_050 }, { leasedNano: 1_050 }])
})

it('counts a call in the day in which it began, for every budget that holds for it, and no other tenant’s', async () => {
  const { db } = test.database
  const budgets = [
    ['svc', 'default', 'service', '', 'total'],
    ['all', 'acme', 'tenant', '', 'day'],
    ['ann', 'acme', 'user', 'ann', 'month'],
    ['bob', 'acme', 'user', 'bob', 'month'],
    ['foreign', 'other', 'tenant', '', 'day'],
  ]
  for (const [id, tenant, scope, scopeId, period] of budgets)
    await sql`insert into budgets values (${id}, ${tenant}, ${scope}, ${scopeId}, ${period}, 1000, 'reject')`.execute(db)
  const call = { holder: 'p', tenant: 'acme', user_id: 'ann', agent: 'gateway', begun_at: '2026-11-30T23:59:59.9Z', cost_nano: 7 }
  const calls = [call, { ...call, user_id: null, begun_at: '2026-12-01T00:00:00Z', cost_nano: 5 }]
  await sql`select count_budget_spending(${JSON.stringify(calls)}::jsonb)`.execute(db)
  const { rows } = await sql<{ budget_id: string; at: Date; spent: string }>`
    select budget_id, period_start as at, spent_nano as spent from budget_accounts order by 1, 2
  `.execute(db)
  expect(rows.map(({ budget_id, at, spent }) => [budget_id, new Date(at).toISOString().slice(0, 10), Number(spent)])).toEqual([
    ['all', '2026-11-30', 7],
    ['all', '2026-12-01', 5],
    ['ann', '2026-11-01', 7],
    ['svc', '1970-01-01', 12],
  ])
})

it('knows what is held by those that have not said a word for some time', async () => {
  await putBudget('shared', 1_000)
  const bank = createPostgresBudgetBank(test.database, 10_000)
  const account = { budgetId: 'shared', periodStartMs: 0 }
  for (const holder of ['silent', 'asking']) await bank.take(holder, [{ ...account, needNano: 50, mostNano: 50 }])
  await sql`update budget_holders set expires_at = expires_at - interval '5 seconds'`.execute(test.database.db)
  expect(await bank.silent('asking', [account], 4_000)).toEqual([{ ...account, totalNano: 50 }])
  expect(await bank.silent('asking', [account], 60_000)).toEqual([])
  await bank.renew('silent', [])
  expect(await bank.silent('asking', [account], 4_000)).toEqual([])
})
