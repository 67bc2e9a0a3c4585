import type { Logger } from '@weft/telemetry'
import type { PostgresPool, PostgresPoolClient } from 'kysely'
import pg from 'pg'
import { isConnectionFailure, isDeadlock, isReadOnlyRefusal, isTimeout, toDatabaseError, unavailable } from './database-errors.ts'
import { type Candidate, createUsableFinder } from './find-usable.ts'

export interface FailoverPoolOptions {
  urls: string[]
  poolSize?: number
  queryTimeoutMs?: number
  /** A database that just went away is waited for this long; default 5 s: an embedded one is back after half a second. */
  patienceMs?: number
  logger?: Pick<Logger, 'info' | 'warn'>
}

const patienceMsDefault = 5_000
const retryDelayMs = { first: 25, max: 400 }
/** While a later URL is in use, the earlier ones are looked at again at most this often. */
const preferredCheckMs = 60_000
const attemptsMax = 3

/**
 * A pool over the first URL whose database is reachable and writable, and has not been left behind by a standby that was promoted. While the database is away, connecting is tried again until it
 * has been away for 5 s; after that every attempt fails at once with `dependency_unavailable`, and the first that succeeds heals.
 * A statement outside of a transaction that only reads, or was refused because the database takes no writes any more, is repeated on a new
 * connection; others are not, because they may have happened.
 */
export function createFailoverPool(options: FailoverPoolOptions): PostgresPool {
  const choice = chooseTarget(options)
  const { patienceMs = patienceMsDefault } = options
  let awaySinceMs: number | undefined

  async function connect(): Promise<pg.PoolClient> {
    for (let delayMs = retryDelayMs.first; ; delayMs = Math.min(2 * delayMs, retryDelayMs.max)) {
      try {
        const client = await choice.connect()
        awaySinceMs = undefined
        return client
      } catch (cause) {
        if (!isConnectionFailure(cause)) throw toDatabaseError(cause)
        awaySinceMs ??= performance.now()
        if (performance.now() - awaySinceMs + delayMs > patienceMs) throw unavailable(cause)
        await new Promise((resolve) => setTimeout(resolve, delayMs))
      }
    }
  }

  return {
    connect: async () => openClient(await connect(), { reconnect: connect, leave: choice.leave }),
    options: choice.options,
    end: choice.end,
  }
}

interface Reconnection {
  reconnect(): Promise<pg.PoolClient>
  /** Has the databases looked at anew before the next connection. */
  leave(): void
}

/** One checked-out connection as kysely sees it; a read that lost its connection goes on with another behind its back. */
function openClient(first: pg.PoolClient, { reconnect, leave }: Reconnection): PostgresPoolClient {
  let client: pg.PoolClient | undefined = first
  let isInTransaction = false

  function drop(): void {
    client?.release(true)
    client = undefined
  }

  async function query(text: string, values: readonly unknown[]): Promise<pg.QueryResult> {
    for (let attempt = 1; ; attempt++) {
      if (client === undefined && isInTransaction) throw unavailable(new Error('the connection of this transaction was lost'))
      client ??= await reconnect()
      try {
        const result = await client.query(text, [...values])
        isInTransaction =
          /^\s*(begin|start transaction)\b/i.test(text) || (isInTransaction && !/^\s*(commit|rollback)\s*$/i.test(text))
        return result
      } catch (cause) {
        const isLost = isConnectionFailure(cause)
        const isRefused = isReadOnlyRefusal(cause)
        if (isRefused) leave()
        if (isLost || isTimeout(cause)) drop()
        // A statement by itself that others deadlocked with was undone whole.
        const mayRepeat = isDeadlock(cause) || (isLost && (isRefused || isRepeatable(text)))
        if (!mayRepeat || isInTransaction || attempt === attemptsMax) throw toDatabaseError(cause)
      }
    }
  }

  return {
    // Statements only: a cursor would hold its transaction, and with PGlite everybody else, while its reader thinks.
    query: query as (...args: Parameters<typeof query>) => unknown as PostgresPoolClient['query'],
    release(destroy) {
      client?.release(destroy === true)
      client = undefined
    },
  }
}

/** True for a statement that changes nothing, and for the start of a transaction that is then empty. */
function isRepeatable(text: string): boolean {
  return (
    /^\s*(select|with|begin|start transaction)\b/i.test(text) && !/\b(insert|update|delete|merge|nextval|setval)\b/i.test(text)
  )
}

/** Which of the databases is in use. A single one is used as it is; only a choice among several asks which takes writes. */
function chooseTarget({ urls, poolSize = 8, queryTimeoutMs = 35_000, logger }: FailoverPoolOptions) {
  const targets = urls.map((url): Candidate => ({ host: new URL(url).host, pool: openPool(url, poolSize, queryTimeoutMs) }))
  const findUsable = createUsableFinder(targets, logger)
  let current = targets.length === 1 ? targets[0] : undefined
  let last: Candidate | undefined
  let checkedAtMs = 0
  let choosing: Promise<Candidate> | undefined

  async function connect(): Promise<pg.PoolClient> {
    if (current === undefined) current = await chooseOnce()
    else if (current !== targets[0] && performance.now() - checkedAtMs > preferredCheckMs) lookForBetter()
    try {
      return await current.pool.connect()
    } catch (cause) {
      if (isConnectionFailure(cause)) leave()
      throw cause
    }
  }

  function leave(): void {
    if (targets.length > 1) current = undefined
  }

  function chooseOnce(): Promise<Candidate> {
    choosing ??= choose().finally(() => {
      choosing = undefined
    })
    return choosing
  }

  /** Beside the work: a database that does not even refuse a connection takes seconds to be given up. */
  function lookForBetter(): void {
    chooseOnce().then(
      (target) => {
        current = target
      },
      () => undefined,
    )
  }

  async function choose(): Promise<Candidate> {
    checkedAtMs = performance.now()
    const target = await findUsable()
    if (target !== last) logger?.warn('the database in use changed', { from: last?.host ?? 'none', to: target.host })
    last = target
    return target
  }

  return {
    connect,
    leave,
    options: targets[0]?.pool.options ?? {},
    async end() {
      await Promise.all(targets.map((target) => target.pool.end()))
    },
  }
}

function openPool(url: string, poolSize: number, queryTimeoutMs: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 10_000,
    query_timeout: queryTimeoutMs,
    application_name: 'weft',
  })
  // A connection that breaks is replaced by the next query; without listeners it would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}
