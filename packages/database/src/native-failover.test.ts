import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { type Database, type DatabaseOptions, openDatabase, sql } from './index.ts'
import { findNativePostgres, type NativePostgres, startNativePostgres } from './testing.ts'

const installed = findNativePostgres()
const describeNative = installed === undefined ? describe.skip : describe
const minuteMs = 61_000

describeNative('two native servers', () => {
  let first: NativePostgres
  let second: NativePostgres
  let opened: Database[] = []

  beforeAll(async () => {
    ;[first, second] = await Promise.all([startNativePostgres(installed ?? ''), startNativePostgres(installed ?? '')])
    await ask(first, "create table who as select 'first' as name")
    await ask(second, "create table who as select 'second' as name")
  })

  afterEach(async () => {
    jest.restoreAllMocks()
    for (const database of opened) await database.stop()
    opened = []
  })

  afterAll(() => Promise.all([first.stop(), second.stop()]))

  function open(options: Omit<DatabaseOptions, 'urls'> = {}): Database {
    const database = openDatabase({ urls: [first.url, second.url], ...options })
    opened.push(database)
    return database
  }

  async function answerOf(server: NativePostgres, statement: string): Promise<unknown> {
    const database = openDatabase({ urls: [server.url] })
    const { rows } = await sql.raw<Record<string, unknown>>(statement).execute(database.db)
    await database.stop()
    return Object.values(rows[0] ?? {})[0]
  }

  async function ask(server: NativePostgres, statement: string): Promise<void> {
    await answerOf(server, statement)
  }

  async function setReadOnly(server: NativePostgres, value: 'on' | 'off'): Promise<void> {
    await ask(server, `alter system set default_transaction_read_only = ${value}`)
    await ask(server, 'select pg_reload_conf()')
    // The server reads its settings a moment later, and tells those who are connected by a signal.
    while ((await answerOf(server, 'show default_transaction_read_only')) !== value) await sleep(20)
    await sleep(300)
  }

  async function connectionsAt(server: NativePostgres, and = 'true'): Promise<number> {
    const others = "application_name = 'weft' and pid <> pg_backend_pid()"
    return Number(await answerOf(server, `select count(*)::int as n from pg_stat_activity where ${others} and ${and}`))
  }

  it('the second takes over when the first is killed, which is told once, and the first is back within a minute of its return', async () => {
    const log = changes()
    const database = open({ logger: log.logger })
    expect(await many(database)).toEqual(['first'])
    await first.kill()
    expect(await many(database)).toEqual(['second'])
    await first.restart()
    expect(await many(database)).toEqual(['second'])
    expect(await connectionsAt(first)).toBe(0)
    passMinute()
    await returnTo('first', database)
    expect(await many(database)).toEqual(['first'])
    expect(log.seen).toEqual([
      ['none', hostOf(first)],
      [hostOf(first), hostOf(second)],
      [hostOf(second), hostOf(first)],
    ])
  })

  it('what was being written when the first was killed is said to be unsure, and nothing of it is in the second', async () => {
    const database = open()
    expect(await nameOf(database)).toBe('first')
    const writing = sql`insert into who select 'late' from pg_sleep(50)`.execute(database.db)
    writing.catch(() => undefined)
    while ((await connectionsAt(first, "query like 'insert%'")) === 0) await sleep(20)
    await first.kill()
    await expect(writing).rejects.toMatchObject({ code: 'dependency_unavailable', isRetryable: true })
    expect((await sql`select name from who`.execute(database.db)).rows).toEqual([{ name: 'second' }])
    await first.restart()
  })

  it('a standby is passed over until it is promoted', async () => {
    await first.kill()
    writeFileSync(join(first.dataFolder, 'standby.signal'), '')
    await first.restart()
    const database = open()
    expect(await nameOf(database)).toBe('second')
    await ask(first, 'select pg_promote()')
    passMinute()
    await returnTo('first', database)
  })

  it('a server that stops taking writes is left for the next by the first write that it refuses', async () => {
    const log = changes()
    const database = open({ logger: log.logger })
    const write = () => sql`insert into who select name from who where false`.execute(database.db)
    await write()
    await setReadOnly(first, 'on')
    await expect(database.db.transaction().execute((db) => sql`create table never (id int)`.execute(db))).rejects.toMatchObject({
      code: 'dependency_unavailable',
    })
    await write()
    expect(await nameOf(database)).toBe('second')
    expect(log.seen).toEqual([
      ['none', hostOf(first)],
      [hostOf(first), hostOf(second)],
    ])
    await setReadOnly(first, 'off')
  })

  it('a write that was refused, and so did not happen, is done by the next server', async () => {
    const database = open()
    expect(await nameOf(database)).toBe('first')
    await setReadOnly(first, 'on')
    await sql`insert into who values ('written')`.execute(database.db)
    expect((await sql`delete from who where name = 'written' returning name`.execute(database.db)).rows).toHaveLength(1)
    expect(await nameOf(database)).toBe('second')
    await setReadOnly(first, 'off')
  })

  it('no more connections are opened than the pool may have, and reads outlive the end of all of them', async () => {
    const database = open({ poolSize: 3 })
    const slow = () => sql`select name from who, pg_sleep(0.4)`.execute(database.db)
    const reading = Array.from({ length: 9 }, slow)
    while ((await connectionsAt(first)) < 3) await sleep(20)
    expect(await connectionsAt(first)).toBe(3)
    await ask(
      first,
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'weft' and pid <> pg_backend_pid()",
    )
    expect((await Promise.all(reading)).every(({ rows }) => rows.length === 1)).toBe(true)
  })

  it('a slow statement is told without its values', async () => {
    const warn = jest.fn()
    const database = open({
      logger: { info: () => undefined, warn } as unknown as NonNullable<DatabaseOptions['logger']>,
      slowQueryMs: 400,
    })
    await nameOf(database)
    warn.mockClear()
    await sql`select pg_sleep(0.5), ${'a secret'}::text`.execute(database.db)
    expect(warn.mock.calls).toEqual([['slow query', { durationMs: expect.any(Number), sql: 'select pg_sleep(0.5), $1::text' }]])
  })
})

/** Which database answers. */
async function nameOf({ db }: Database): Promise<string | undefined> {
  return (await sql<{ name: string }>`select name from who`.execute(db)).rows[0]?.name
}

/** Which databases answer to many at once. */
async function many(database: Database): Promise<(string | undefined)[]> {
  return [...new Set(await Promise.all(Array.from({ length: 20 }, () => nameOf(database))))]
}

/** The look at a preferred database keeps nobody waiting: it is used a moment after the query that found it due. */
async function returnTo(name: string, database: Database): Promise<void> {
  while ((await nameOf(database)) !== name) await sleep(20)
}

function hostOf({ url }: NativePostgres): string {
  return new URL(url).host
}

function passMinute(): void {
  const nowMs = Date.now()
  jest.spyOn(Date, 'now').mockImplementation(() => nowMs + minuteMs)
}

/** The changes of database that are logged. */
function changes() {
  const seen: unknown[][] = []
  const warn = (message: string, { from, to }: { from?: string; to?: string } = {}) => {
    if (message.startsWith('the database in use changed')) seen.push([from, to])
  }
  return { seen, logger: { info: () => undefined, warn } as unknown as NonNullable<DatabaseOptions['logger']> }
}
