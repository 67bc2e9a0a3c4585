import { CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import { createFailoverPool, type FailoverPoolOptions } from './failover-pool.ts'
import type { Schema } from './schema.ts'

export interface DatabaseOptions extends FailoverPoolOptions {
  /** Statements slower than this are logged, without their values; default 200. */
  slowQueryMs?: number
}

export interface Database {
  readonly db: Kysely<Schema>
  /** Whether the database answers; within 2 s. */
  isHealthy(): Promise<boolean>
  stop(): Promise<void>
}

const healthTimeoutMs = 2_000

/**
 * The application database behind a pool. Connections are opened when needed, so this never fails. While no database is reachable a query waits up to
 * `patienceMs` for one, then throws `dependency_unavailable`; the next query tries again. Reads outlive a restart of the database. A write whose connection broke
 * throws `dependency_unavailable`, and may or may not have happened.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const { slowQueryMs = 200, logger } = options
  const pool = createFailoverPool(options)
  const db = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool }),
    log(event) {
      if (event.level === 'query' && event.queryDurationMillis > slowQueryMs) {
        logger?.warn('slow query', {
          durationMs: Math.round(event.queryDurationMillis),
          sql: event.query.sql.replace(/\s+/g, ' ').slice(0, 500),
        })
      }
    },
  })
  return {
    db,
    isHealthy() {
      const answers = db.executeQuery(CompiledQuery.raw('select 1')).then(
        () => true,
        () => false,
      )
      return Promise.race([answers, after(healthTimeoutMs, false)])
    },
    stop: () => db.destroy(),
  }
}

function after<T>(delayMs: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, delayMs, value).unref())
}
