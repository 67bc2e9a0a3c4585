import type { Logger } from '@weft/telemetry'
import type { PostgresPool, PostgresPoolClient } from 'kysely'
import pg from 'pg'
import { cancelStatement } from './cancel-statement.ts'
import { connectWhileWanted } from './connect-while-wanted.ts'
import { isConnectionFailure, isDeadlock, isReadOnlyRefusal, isTimeout, toDatabaseError, unavailable } from './database-errors.ts'
import { type Candidate, createUsableFinder } from './find-usable.ts'
import { notWanted, wantedUntil } from './while-wanted.ts'

export interface FailoverPoolOptions {
  /** PostgreSQL URLs in order of preference: the first that is reachable and writable is used. */
  urls: string[]
  /** Connections at most; default 8. */
  poolSize?: number
  /**
   * A statement that takes longer fails with `dependency_unavailable`; default 35,000: longer than the embedded database lets a client that stopped inside a
   * transaction keep the others waiting.
   */
  queryTimeoutMs?: number
  /** How long a database that just went away is waited for; default 5,000: an embedded one is back after half a second. */
  patienceMs?: number
  logger?: Pick<Logger, 'warn'>
}

const patienceMsDefault = 5_000
const retryDelayMs = { first: 25, max: 400 }
/** While a later URL is in use, the earlier ones are looked at again at most this often. */
const preferredCheckMs = 60_000
const attemptsMax = 3

/**
 * A pool over the first URL whose database is reachable, takes writes, and has not been left behind by a standby that was promoted. While the database is away,
 * connecting is tried again until it has been away for `patienceMs`; from then on every attempt fails at once with `dependency_unavailable`, until one succeeds.
 *
 * Outside of a transaction, a statement that was certainly not performed, or that only reads, is repeated on a new connection. Other statements whose connection
 * broke are not, because they may have been performed.
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

  const reconnect = () => connectWhileWanted(connect)
  return {
    connect: async () => openClient(await reconnect(), { reconnect, leave: choice.leave }),
    options: choice.options,
    end: choice.end,
  }
}

interface Reconnection {
  reconnect(): Promise<pg.PoolClient>
  /** Has the next connection choose among the databases anew. */
  leave(): void
}

/** One checked-out connection as kysely sees it. When a read loses its connection, another one takes its place without kysely noticing. */
function openClient(first: pg.PoolClient, { reconnect, leave }: Reconnection): PostgresPoolClient {
  let client: pg.PoolClient | undefined = first
  let isInTransaction = false

  function drop(): void {
    client?.release(true)
    client = undefined
  }

  /** Without its client a statement is given up: one that waits in the embedded database's queue is not run, and a server is asked to stop it. */
  async function run(text: string, values: readonly unknown[], signal: AbortSignal | undefined): Promise<pg.QueryResult> {
    client ??= await reconnect()
    const asked = client
    const giveUp = () => {
      cancelStatement(asked)
      drop()
    }
    signal?.addEventListener('abort', giveUp, { once: true })
    try {
      return await asked.query(text, [...values])
    } finally {
      signal?.removeEventListener('abort', giveUp)
    }
  }

  async function query(text: string, values: readonly unknown[]): Promise<pg.QueryResult> {
    const signal = wantedUntil()
    for (let attempt = 1; ; attempt++) {
      if (signal?.aborted === true && (client === undefined || !isEnd(text))) throw notWanted(signal)
      if (client === undefined && isInTransaction) throw unavailable(new Error('the connection of this transaction was lost'))
      try {
        const result = await run(text, values, signal)
        isInTransaction = /^\s*(begin|start transaction)\b/i.test(text) || (isInTransaction && !isEnd(text))
        return result
      } catch (cause) {
        if (signal?.aborted === true) throw notWanted(signal)
        const isLost = isConnectionFailure(cause)
        const isRefused = isReadOnlyRefusal(cause)
        if (isRefused) leave()
        if (isLost || isTimeout(cause)) drop()
        // A deadlock undoes the whole statement.
        const mayRepeat = isDeadlock(cause) || (isLost && (isRefused || isRepeatable(text)))
        if (!mayRepeat || isInTransaction || attempt === attemptsMax) throw toDatabaseError(cause)
      }
    }
  }

  return {
    // Whole results, no cursors: a cursor would hold its transaction, and with PGlite all other clients, while its reader is busy.
    query: query as (...args: Parameters<typeof query>) => unknown as PostgresPoolClient['query'],
    release(destroy) {
      client?.release(destroy === true)
      client = undefined
    },
  }
}

function isEnd(text: string): boolean {
  return /^\s*(commit|rollback)\s*$/i.test(text)
}

/** Whether a statement changes nothing. That includes the beginning of a transaction, which is still empty. */
function isRepeatable(text: string): boolean {
  return (
    /^\s*(select|with|begin|start transaction)\b/i.test(text) && !/\b(insert|update|delete|merge|nextval|setval)\b/i.test(text)
  )
}

/** Chooses which of the databases is used. A single one is used as it is; of several each is asked first whether it takes writes. */
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

  /** Looks while work goes on with the current one: a database that does not even refuse a connection is given up only after seconds. */
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
  // A broken connection is replaced at the next query. Without listeners its error would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}
