import { type Database, sql } from '@weft/database'
import { parseValue } from '@weft/contracts'
import { z } from 'zod'
import type { AccountKey, BudgetBank, BudgetKeeping } from './budget-bank.ts'

const Time = z.union([z.date(), z.string()]).transform((time) => new Date(time).getTime())
const Taken = z.object({
  budget_id: z.string(),
  period_start: Time,
  room_nano: z.coerce.number(),
  granted_nano: z.coerce.number(),
  was_granted: z.boolean(),
})
/** A budget counts as used up when a call finds no room and at least this share is spent. When less is spent, the call was just too large. */
const fullShare = 0.8

const Renewed = z.object({ budget_id: z.string(), period_start: Time, granted_nano: z.coerce.number() })
const Silent = z.object({ budget_id: z.string(), period_start: Time, amount_nano: z.coerce.number() })

/** The accounts of budgets in PostgreSQL, behind the functions of migration 0013. A holder that is silent for `leaseMs` is taken for dead. */
export function createPostgresBudgetBank({ db }: Pick<Database, 'db'>, leaseMs: number): BudgetBank & BudgetKeeping {
  return {
    async take(holder, asks) {
      const wanted = asks.map((ask) => ({ ...keyOf(ask), need: ask.needNano, most: ask.mostNano }))
      const { rows } = await sql`
        select * from lease_budgets(${holder}, ${JSON.stringify(wanted)}::jsonb, ${leaseMs}::int)
      `.execute(db)
      const answers = rows.map((row) => parseValue(Taken, row, 'an account of a budget'))
      return {
        isGranted: answers.every(({ was_granted }) => was_granted),
        answers: answers.map(({ budget_id, period_start, room_nano, granted_nano }) => ({
          budgetId: budget_id,
          periodStartMs: period_start,
          roomNano: room_nano,
          grantedNano: granted_nano,
        })),
      }
    },
    async renew(holder, returned) {
      const totals = returned.map((total) => ({ ...keyOf(total), total: total.totalNano }))
      const { rows } = await sql`
        select * from renew_budget_leases(${holder}, ${JSON.stringify(totals)}::jsonb, ${leaseMs}::int)
      `.execute(db)
      return rows.map((row) => {
        const { budget_id, period_start, granted_nano } = parseValue(Renewed, row, 'a lease of a budget')
        return { budgetId: budget_id, periodStartMs: period_start, totalNano: granted_nano }
      })
    },
    async silent(holder, accounts, silentMs) {
      const { rows } = await sql`
        select l.budget_id, l.period_start, sum(l.amount_nano) as amount_nano from budget_leases l
        join jsonb_to_recordset(${JSON.stringify(accounts.map(keyOf))}::jsonb) as a(budget_id text, period_start timestamptz)
          on a.budget_id = l.budget_id and a.period_start = l.period_start
        join budget_holders h on h.holder = l.holder
        where l.holder <> ${holder} and h.expires_at <= now() + make_interval(secs => ${leaseMs - silentMs}::float8 / 1000)
        group by 1, 2
      `.execute(db)
      return rows.map((row) => {
        const { budget_id, period_start, amount_nano } = parseValue(Silent, row, 'what others hold of a budget')
        return { budgetId: budget_id, periodStartMs: period_start, totalNano: amount_nano }
      })
    },
    async release(holder) {
      await sql`select release_budget_leases(${holder})`.execute(db)
    },
    async releaseDead(silentMs) {
      const { rows } = await sql<{ holder: string }>`
        select release_dead_budget_holders(${silentMs}::int) as holder
      `.execute(db)
      return rows.map(({ holder }) => holder)
    },
    async noteFull({ budgetId, periodStartMs }) {
      await sql`
        update budget_accounts c set is_full = true from budgets b where b.id = c.budget_id and c.budget_id = ${budgetId}
          and c.period_start = ${new Date(periodStartMs)} and not c.is_full and c.spent_nano >= b.limit_nano * ${fullShare}::float8
      `.execute(db)
    },
  }
}

function keyOf({ budgetId, periodStartMs }: AccountKey) {
  return { budget_id: budgetId, period_start: new Date(periodStartMs).toISOString() }
}
