import { BudgetBreach, BudgetPeriod, BudgetScope, newId, parseValue, WeftError } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import { type BudgetState, type BudgetStore, budgetsMax } from './budget-store.ts'
import type { Budget } from './core/budget.ts'
import { periodAt } from './core/budget-period.ts'
import { nanoUsd } from './core/nano-usd.ts'

const Row = z.object({
  id: z.string(),
  tenant: z.string(),
  scope: BudgetScope,
  scope_id: z.string(),
  period: BudgetPeriod,
  limit_nano: z.coerce.number(),
  on_breach: BudgetBreach,
})
const State = Row.extend({ spent_nano: z.coerce.number(), leased_nano: z.coerce.number() })

const columns = sql.raw('b.id, b.tenant, b.scope, b.scope_id, b.period, b.limit_nano, b.on_breach')
/** Budgets with their account of the current period, which exists only once something was spent. */
const withAccounts = sql`
  select ${columns}, coalesce(c.spent_nano, 0) as spent_nano, coalesce(c.leased_nano, 0) as leased_nano from budgets b
  left join budget_accounts c on c.budget_id = b.id and c.period_start = budget_period_start(b.period, now())
`

export function createPostgresBudgets({ db }: Pick<Database, 'db'>, nowMs: () => number = Date.now): BudgetStore {
  const toState = (row: unknown): BudgetState => {
    const { spent_nano, leased_nano, ...budget } = parseValue(State, row, 'an account of a budget')
    const { startMs, endMs } = periodAt(budget.period, nowMs())
    return { ...toBudget(budget), spentNano: spent_nano, reservedNano: leased_nano, startMs, endMs }
  }
  async function find(id: string): Promise<BudgetState | undefined> {
    const { rows } = await sql`${withAccounts} where b.id = ${id}`.execute(db)
    return rows.map(toState)[0]
  }
  return {
    find,
    async bounding(tenant) {
      const { rows } = await sql`
        select ${columns} from budgets b where b.tenant = ${tenant} or b.scope = 'service'
      `.execute(db)
      return rows.map((row) => toBudget(parseValue(Row, row, 'a budget')))
    },
    async list(tenant) {
      const { rows } = await sql`
        ${withAccounts} where b.tenant = ${tenant} or b.scope = 'service' order by b.created_at, b.id
      `.execute(db)
      return rows.map(toState)
    },
    async put(tenant, { scope, id = '', period, limitUsd, onBreach }) {
      const limitNano = nanoUsd(limitUsd)
      const { rows } = await sql<{ id: string }>`
        insert into budgets as b (id, tenant, scope, scope_id, period, limit_nano, on_breach)
        select ${newId('bud')}, ${tenant}, ${scope}, ${id}, ${period}, ${limitNano}::bigint, ${onBreach}
        where (select count(*) from budgets where tenant = ${tenant}) < ${budgetsMax}
          or exists (select from budgets where (tenant, scope, scope_id, period) = (${tenant}, ${scope}, ${id}, ${period}))
        on conflict (tenant, scope, scope_id, period)
          do update set limit_nano = excluded.limit_nano, on_breach = excluded.on_breach, updated_at = now()
        returning b.id
      `.execute(db)
      if (rows[0] !== undefined) await sql`select open_budget_account(${rows[0].id})`.execute(db)
      const made = rows[0] === undefined ? undefined : await find(rows[0].id)
      if (made === undefined)
        throw new WeftError('conflict', `there are ${budgetsMax} budgets, the most there can be: remove one first`)
      return made
    },
    async remove(id) {
      const { rows } = await sql`delete from budgets where id = ${id} returning id`.execute(db)
      return rows.length > 0
    },
  }
}

function toBudget({ id, tenant, scope, scope_id, period, limit_nano, on_breach }: z.infer<typeof Row>): Budget {
  return { id, tenant, scope, scopeId: scope_id, period, limitNano: limit_nano, onBreach: on_breach }
}
