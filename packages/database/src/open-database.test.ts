import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { type Database, type DatabaseOptions, openDatabase, sql } from './index.ts'
import type { PgliteServer } from './pglite-server.ts'
import { lastingPort, startTestServer } from './testing.ts'

const urlOf = (server: Pick<PgliteServer, 'port'>) => `postgres://postgres@127.0.0.1:${server.port}/postgres`
const opened: Database[] = []
let first: PgliteServer
let second: PgliteServer

function open(urls: string[], more: Omit<DatabaseOptions, 'urls'> = {}): Database {
  const database = openDatabase({ urls, ...more })
  opened.push(database)
  return database
}

/** Which of the two databases answers. */
const nameOf = async ({ db }: Database) => (await sql<{ name: string }>`select name from who`.execute(db)).rows[0]?.name

async function nameServer(server: PgliteServer, name: string): Promise<void> {
  const database = openDatabase({ urls: [urlOf(server)] })
  await sql`create table who as select ${name}::text as name`.execute(database.db)
  await database.stop()
}

async function setReadOnly(server: PgliteServer, value: 'on' | 'off'): Promise<void> {
  const database = openDatabase({ urls: [urlOf(server)] })
  // What a block sets, and no statement, stays: every client has it.
  await sql.raw(`do $$ begin perform set_config('default_transaction_read_only', '${value}', false); end $$`).execute(database.db)
  await database.stop()
}

beforeAll(async () => {
  first = await startTestServer()
  second = await startTestServer()
  await nameServer(first, 'first')
  await nameServer(second, 'second')
})

afterEach(async () => {
  jest.restoreAllMocks()
  for (const database of opened.splice(0)) await database.stop()
})

afterAll(async () => {
  await first.stop()
  await second.stop()
})

describe('openDatabase', () => {
  it('uses the next URL while the first is away', async () => {
    expect(await nameOf(open(['postgres://postgres@127.0.0.1:1/postgres', urlOf(second)]))).toBe('second')
  })

  it('passes over a database that takes no writes, and returns to it within a minute of its taking them again', async () => {
    const warn = jest.fn<(message: string, fields: object) => unknown>()
    const logger = { info: () => undefined, warn } as unknown as NonNullable<DatabaseOptions['logger']>
    await setReadOnly(first, 'on')
    const database = open([urlOf(first), urlOf(second)], { logger })
    expect(await nameOf(database)).toBe('second')
    await setReadOnly(first, 'off')
    expect(await nameOf(database)).toBe('second')
    const nowMs = performance.now()
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs + 61_000)
    while ((await nameOf(database)) !== 'first') await new Promise((resolve) => setTimeout(resolve, 20))
    expect(warn.mock.calls.map(([, fields]) => fields)).toEqual([
      { from: 'none', to: `127.0.0.1:${second.port}` },
      { from: `127.0.0.1:${second.port}`, to: `127.0.0.1:${first.port}` },
    ])
  })

  it('logs a slow statement without its values', async () => {
    const warn = jest.fn()
    const logger = { info: () => undefined, warn } as unknown as NonNullable<DatabaseOptions['logger']>
    const database = open([urlOf(first)], { logger, slowQueryMs: 400 })
    await sql`select pg_sleep(0.5), ${'a secret'}::text`.execute(database.db)
    expect(warn.mock.calls).toEqual([['slow query', { durationMs: expect.any(Number), sql: 'select pg_sleep(0.5), $1::text' }]])
    const patient = open([urlOf(first)], { logger, slowQueryMs: 60_000 })
    await sql`select pg_sleep(0.5)`.execute(patient.db)
    expect(warn).toHaveBeenCalledTimes(1)
  })

  it('gives up a statement that takes too long, and uses another connection for the next', async () => {
    const database = open([urlOf(second)], { queryTimeoutMs: 1_500 })
    await expect(sql`select pg_sleep(2)`.execute(database.db)).rejects.toMatchObject({
      code: 'dependency_unavailable',
      isRetryable: true,
    })
    // The embedded database runs one statement after the other.
    await nameOf(open([urlOf(second)]))
    expect(await nameOf(database)).toBe('second')
  })

  it('refuses NUL as the fault of whoever sent it', async () => {
    const { db } = open([urlOf(first)])
    await expect(sql`select ${'a\0'}::text`.execute(db)).rejects.toMatchObject({ code: 'invalid_request' })
    await expect(sql`select ${JSON.stringify('\0')}::jsonb`.execute(db)).rejects.toMatchObject({ code: 'invalid_request' })
  })

  it('says what PostgreSQL said when a statement is wrong', async () => {
    await expect(sql`select nothing`.execute(open([urlOf(first)]).db)).rejects.toMatchObject({ code: '42703' })
  })
})

describe('when the database goes away', () => {
  it('reads are answered after a restart, and an open transaction is said to be lost', async () => {
    const port = await lastingPort()
    let server = await startTestServer({ port })
    const database = open([urlOf(server)], { patienceMs: 50_000 })
    expect(await database.isHealthy()).toBe(true)
    const isInside = Promise.withResolvers<void>()
    const isBack = Promise.withResolvers<void>()
    const transaction = database.db.transaction().execute(async (db) => {
      await sql`select 1`.execute(db)
      isInside.resolve()
      await isBack.promise
      await sql`create table never (id int)`.execute(db)
    })
    transaction.catch(() => undefined)
    await isInside.promise
    await server.stop()
    const read = sql<{ one: number }>`select 1 as one`.execute(database.db)
    server = await startTestServer({ port })
    expect((await read).rows).toEqual([{ one: 1 }])
    isBack.resolve()
    await expect(transaction).rejects.toMatchObject({ code: 'dependency_unavailable' })
    expect((await sql<{ name: string | null }>`select to_regclass('never')::text as name`.execute(database.db)).rows).toEqual([
      { name: null },
    ])
    await server.stop()
  })

  it('the first query waits for it a while, later ones fail at once, and the next after its return succeeds', async () => {
    const port = await lastingPort()
    const patienceMs = 2_000
    const database = open([urlOf({ port })], { patienceMs })
    const startedAtMs = performance.now()
    await expect(sql`select 1`.execute(database.db)).rejects.toMatchObject({
      code: 'dependency_unavailable',
      isRetryable: true,
      details: { target: 'database' },
    })
    expect(performance.now() - startedAtMs).toBeGreaterThan(patienceMs / 2)
    // If each of them waited as the first did, this test would run out of its time.
    for (let n = 0; n < 300; n++)
      await expect(sql`select 1`.execute(database.db)).rejects.toMatchObject({ code: 'dependency_unavailable' })
    expect(await database.isHealthy()).toBe(false)
    const back = await startTestServer({ port })
    expect(await database.isHealthy()).toBe(true)
    await back.stop()
  })
})
