import type { Logger } from '@weft/telemetry'
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import { createFailoverPool } from './failover-pool.ts'
import type { Schema } from './schema.ts'

export interface DatabaseOptions {
  /** PostgreSQL URLs in order of preference. */
  urls: string[]
  /** Connections at most; default 8. */
  poolSize?: number
  /** Statements slower than this are logged, without their values; default 200. */
  slowQueryMs?: number
  logger?: Pick<Logger, 'info' | 'warn'>
}

export interface Database {
  readonly db: Kysely<Schema>
  isHealthy(): Promise<boolean>
  stop(): Promise<void>
}

/**
 * The application database behind a pool. Connections are opened when needed, so this never fails; a query while no database is
 * reachable throws WeftError `dependency_unavailable`, and the next one tries again.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const { slowQueryMs = 200, logger } = options
  const pool = createFailoverPool(options)
  const db = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool }),
    log(event) {
      if (event.level === 'query' && event.queryDurationMillis > slowQueryMs) {
        logger?.warn('slow query', { durationMs: Math.round(event.queryDurationMillis), sql: event.query.sql.replace(/\s+/g, ' ').slice(0, 500) })
      }
    },
  })
  return {
    db,
    async isHealthy() {
      try {
        await db.executeQuery(CompiledQuery.raw('select 1'))
        return true
      } catch {
        return false
      }
    },
    stop: () => db.destroy(),
  }
}
