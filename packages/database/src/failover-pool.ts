import { WeftError } from '@weft/contracts'
import type { Logger } from '@weft/telemetry'
import type { PostgresPool, PostgresPoolClient } from 'kysely'
import pg from 'pg'

export interface FailoverPoolOptions {
  urls: string[]
  poolSize?: number
  logger?: Pick<Logger, 'info' | 'warn'>
}

/** A database that just restarted is waited for this long: an embedded one is back after half a second. */
const connectPatienceMs = 5_000
const connectRetryMs = 150
/** While a later URL is in use, the earlier ones are looked at again at most this often. */
const preferredCheckMs = 60_000

/**
 * A pool over the first URL whose database is reachable and writable. Connecting is retried over all URLs for 5 s, then fails with
 * `dependency_unavailable`; statements are never repeated here, because they may have happened.
 */
export function createFailoverPool({ urls, poolSize = 8, logger }: FailoverPoolOptions): PostgresPool {
  const pools = urls.map((url) => openPool(url, poolSize))
  let current = 0
  let checkedAtMs = 0

  async function connect(): Promise<PostgresPoolClient> {
    const giveUpAtMs = Date.now() + connectPatienceMs
    for (;;) {
      try {
        return await connectOnce()
      } catch (cause) {
        if (Date.now() > giveUpAtMs || !isConnectionFailure(cause)) throw unavailable(cause)
        await new Promise((resolve) => setTimeout(resolve, connectRetryMs))
      }
    }
  }

  async function connectOnce(): Promise<PostgresPoolClient> {
    const isCheckDue = current > 0 && Date.now() - checkedAtMs > preferredCheckMs
    const order = isCheckDue ? pools.map((_, index) => index) : [current, ...pools.map((_, index) => index).filter((index) => index !== current)]
    if (isCheckDue) checkedAtMs = Date.now()
    let failure: unknown = new Error('no database URL is configured')
    for (const index of order) {
      try {
        const client = await connectWritable(pools[index])
        if (index !== current) switchTo(index)
        return client
      } catch (cause) {
        failure = cause
      }
    }
    throw failure
  }

  function switchTo(index: number): void {
    logger?.warn('the database in use changed', { from: hostOf(urls[current]), to: hostOf(urls[index]) })
    current = index
    checkedAtMs = Date.now()
  }

  /** Only a choice among several asks whether a database takes writes; a single one is used as it is. */
  async function connectWritable(pool: pg.Pool | undefined): Promise<PostgresPoolClient> {
    if (pool === undefined) throw new Error('no database URL is configured')
    const client = await pool.connect()
    if (pools.length === 1) return mapErrors(client)
    const { rows } = await client.query('select pg_is_in_recovery() as is_standby')
    if (rows[0]?.is_standby === false) return mapErrors(client)
    client.release()
    throw new Error('the database is a read-only standby')
  }

  return {
    connect,
    options: pools[0]?.options ?? {},
    async end() {
      await Promise.all(pools.map((pool) => pool.end()))
    },
  }
}

function openPool(url: string, poolSize: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: poolSize, connectionTimeoutMillis: 5_000, idleTimeoutMillis: 10_000, application_name: 'weft' })
  // A connection that breaks is replaced by the next query; without listeners it would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/** A connection lost under a statement is said as what it is, and the client is not used again. */
function mapErrors(client: pg.PoolClient): PostgresPoolClient {
  let broken: unknown
  return {
    release: () => client.release(broken !== undefined),
    query: ((...args: Parameters<typeof client.query>) => {
      const answer: unknown = client.query(...args)
      if (!(answer instanceof Promise)) return answer
      return answer.catch((cause: unknown) => {
        if (!isConnectionFailure(cause)) throw cause
        broken = cause
        throw unavailable(cause)
      })
    }) as PostgresPoolClient['query'],
  }
}

function isConnectionFailure(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  if (['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH', '57P01', '57P02', '57P03'].includes(code)) return true
  return /connection terminated|timeout exceeded when trying to connect|not queryable|standby|Connection ended/i.test(cause.message)
}

function unavailable(cause: unknown): WeftError {
  if (cause instanceof WeftError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new WeftError('dependency_unavailable', `the database is not reachable (${reason})`, { cause, details: { target: 'database' } })
}

function hostOf(url: string | undefined): string {
  return url === undefined ? 'none' : new URL(url).host
}
