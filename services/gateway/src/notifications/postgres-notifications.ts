import { ApprovalView, BudgetAlert, parseValue } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import { notificationAttemptsMax, notificationDelayMs } from '../core/notification-delay.ts'
import type { Notification, NotificationStore } from './notification-store.ts'

const Row = z.object({
  id: z.coerce.string(),
  tenant: z.string(),
  channel: z.enum(['webhook', 'email', 'pubsub']),
  target: z.string(),
  approval_id: z.string(),
  attempts: z.number(),
  payload: z.union([
    z.object({ type: z.literal('budget.alert'), timestamp: z.string(), data: BudgetAlert }),
    z.object({ type: z.string(), timestamp: z.string(), data: ApprovalView }),
  ]),
})

/** When a notification that was given up is due. */
const never = "'infinity'::timestamptz"

export function createPostgresNotifications({ db }: Pick<Database, 'db'>): NotificationStore {
  return {
    async take({ limit, leaseMs, attemptsMax, busyTargets }) {
      const { rows } = await sql`
        update notifications set attempts = attempts + 1, due_at = now() + make_interval(secs => ${leaseMs / 1_000})
        where id in (
          select id from notifications where delivered_at is null and (due_at <= now() or ${isSetBack(leaseMs)}) and attempts < ${attemptsMax}
            and not (target = any(${busyTargets}::text[]))
          order by attempts > 0, due_at, id limit ${limit} for update skip locked
        )
        returning id, tenant, channel, target, approval_id, attempts, payload
      `.execute(db)
      return rows.map(toNotification).toSorted((left, right) => Number(left.id) - Number(right.id))
    },
    async noteDelivered(id) {
      await sql`update notifications set delivered_at = now(), last_error = null where id = ${id}::bigint`.execute(db)
    },
    async noteFailed(id, { error, retryInMs }) {
      const due = retryInMs === undefined ? sql.raw(never) : sql`now() + make_interval(secs => ${retryInMs / 1_000})`
      await sql`update notifications set last_error = ${error.slice(0, 1_000)}, due_at = ${due} where id = ${id}::bigint`.execute(
        db,
      )
    },
    async forget({ keptMs, attemptsMax }) {
      await sql`
        delete from notifications where created_at < now() - make_interval(secs => ${keptMs / 1_000})
          and (delivered_at is not null or due_at = ${sql.raw(never)} or (attempts >= ${attemptsMax} and due_at <= now()))
      `.execute(db)
    },
  }
}

/**
 * How much later than its wait allows a notification may seem to be due, in seconds. A statement that began before another one took the notification, and sees it
 * only afterwards, still has the earlier `now()`.
 */
const toleranceS = 30

/** True of a notification that is due later than any wait after so many attempts could make it: the clock was set back since, and it must not wait for that. */
function isSetBack(leaseMs: number) {
  const waitsS = Array.from({ length: notificationAttemptsMax + 1 }, (_, attempts) => {
    return Math.max(leaseMs, notificationDelayMs(attempts, 1)) / 1_000 + toleranceS
  })
  return sql`(due_at < ${sql.raw(never)} and due_at > now() + make_interval(secs => (${waitsS}::float8[])[attempts + 1]))`
}

function toNotification(row: unknown): Notification {
  const { approval_id, ...rest } = parseValue(Row, row, 'a notification row')
  return { ...rest, subjectId: approval_id }
}
