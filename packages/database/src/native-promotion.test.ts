import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { type Database, type DatabaseOptions, openDatabase, sql } from './index.ts'
import { findNativePostgres, type NativePostgres, startNativePostgres } from './testing.ts'

const installed = findNativePostgres()
const describeNative = installed === undefined ? describe.skip : describe
const minuteMs = 61_000

describeNative('a primary whose standby was promoted while it was away', () => {
  let primary: NativePostgres
  let standby: NativePostgres
  let database: Database
  const warn = jest.fn()
  const logger = { info: () => undefined, warn } as unknown as NonNullable<DatabaseOptions['logger']>

  beforeAll(async () => {
    primary = await startNativePostgres(installed ?? '')
    await run(primary, 'create table notes (name text)')
    await primary.kill()
    standby = await startNativePostgres(installed ?? '', { standbyOf: primary.dataFolder })
    await primary.restart()
    database = open()
    await write('before')
    await primary.kill()
    await run(standby, 'select pg_promote()')
    await write('after')
    await primary.restart()
  })

  afterEach(() => void jest.restoreAllMocks())

  afterAll(async () => {
    await database.stop()
    await Promise.all([primary.stop(), standby.stop()])
  })

  function open(): Database {
    return openDatabase({ urls: [primary.url, standby.url], patienceMs: 500, logger })
  }

  const write = (name: string) => sql`insert into notes values (${name})`.execute(database.db)

  it('is not gone back to when it returns, which is told, and what was written since is read', async () => {
    for (let look = 1; look <= 10; look += 1) {
      passMinutes(look)
      expect(await namesIn(database)).toEqual(['after'])
      await sleep(50)
    }
    const host = new URL(primary.url).host
    expect(warn.mock.calls.filter(([message]) => String(message).includes('passed over'))).toEqual([
      [expect.any(String), { host }],
    ])
  })

  it('is not begun with either by a process that starts now', async () => {
    const other = open()
    expect(await namesIn(other)).toEqual(['after'])
    await other.stop()
  })

  it('is not used while the promoted one is away: that is waited for', async () => {
    await standby.kill()
    await expect(write('lost')).rejects.toMatchObject({ code: 'dependency_unavailable' })
    await standby.restart()
    expect(await namesIn(database)).toEqual(['after'])
  })

  it('is preferred again once it is the newest itself', async () => {
    await primary.kill()
    writeFileSync(join(primary.dataFolder, 'standby.signal'), '')
    await primary.restart()
    await run(primary, 'select pg_promote()')
    // Its timeline is the second now, as the other's is: equals are used in their order.
    for (let minutes = 1; (await namesIn(database))[0] !== 'before'; minutes += 1) {
      passMinutes(minutes)
      await sleep(20)
    }
  })
})

async function run(server: NativePostgres, statement: string): Promise<void> {
  const { db, stop } = openDatabase({ urls: [server.url] })
  await sql.raw(statement).execute(db)
  await stop()
}

async function namesIn({ db }: Database): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from notes`.execute(db)
  return rows.map(({ name }) => name)
}

const steadyMs = performance.now.bind(performance)

function passMinutes(count: number): void {
  jest.spyOn(performance, 'now').mockImplementation(() => steadyMs() + count * minuteMs)
}
