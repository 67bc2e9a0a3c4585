import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type Database, inAnyCase, openDatabase, sql, whileWanted } from './index.ts'
import { findNativePostgres, type NativePostgres, startNativePostgres, startPlainDatabase, type TestDatabase } from './testing.ts'

const gone = { code: 'timeout', isRetryable: false }
const one = sql<{ one: number }>`select 1 as one`
/** Takes the embedded database some hundred milliseconds. */
const long = sql`select count(*) from generate_series(1, 3000000) as n where n % 7 = 3`

let leaving: AbortController
beforeEach(() => {
  leaving = new AbortController()
})

describe('work on the embedded database that ceases to be wanted', () => {
  let test: TestDatabase
  beforeAll(async () => {
    test = await startPlainDatabase()
  })
  afterAll(() => test.stop())

  it('begins no further statement, but ends its transaction', async () => {
    const { db } = test.database
    const work = whileWanted(leaving.signal, () =>
      db.transaction().execute(async (transaction) => {
        await one.execute(transaction)
        leaving.abort()
        await one.execute(transaction)
      }),
    )
    await expect(work).rejects.toMatchObject(gone)
    await expect(whileWanted(leaving.signal, () => one.execute(db))).rejects.toMatchObject(gone)
    expect((await one.execute(db)).rows).toEqual([{ one: 1 }])
  })

  it('has its statement that waits in the queue not run', async () => {
    const { db } = test.database
    await sql`create sequence asked`.execute(db)
    const before = long.execute(db)
    const waiting = whileWanted(leaving.signal, () => sql`select nextval('asked')`.execute(db))
    await sleep(20)
    leaving.abort()
    await expect(waiting).rejects.toMatchObject(gone)
    await before
    expect((await sql`select nextval('asked')::int as n`.execute(db)).rows).toEqual([{ n: 1 }])
  })

  it('leaves alone what it has done in any case, and all that is not its own', async () => {
    const { db } = test.database
    const work = whileWanted(leaving.signal, async () => {
      leaving.abort()
      return inAnyCase(() => one.execute(db))
    })
    expect((await work).rows).toEqual([{ one: 1 }])
  })
})

describe('work on a database that does not answer', () => {
  it('waits for no connection once it ceases to be wanted', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const database = openDatabase({ urls: [`postgres://postgres@127.0.0.1:${portOf(silent)}/postgres`] })
    const work = whileWanted(leaving.signal, () => one.execute(database.db))
    const [connection] = (await once(silent, 'connection')) as [Socket]
    leaving.abort()
    await expect(work).rejects.toMatchObject(gone)
    connection.destroy()
    silent.close()
    await database.stop()
  })
})

const installed = findNativePostgres()
const describeNative = installed === undefined ? describe.skip : describe

describeNative('work on a server that ceases to be wanted', () => {
  let server: NativePostgres
  let database: Database
  beforeAll(async () => {
    server = await startNativePostgres(installed ?? '')
  })
  beforeEach(() => {
    database = openDatabase({ urls: [server.url], poolSize: 2 })
  })
  afterEach(() => database.stop())
  afterAll(() => server.stop())

  it.each(['alone', 'in a transaction'])('has its statement stopped there: %s', async (where) => {
    const { db } = database
    const nap = sql`select pg_sleep(60)`
    const work = whileWanted(leaving.signal, () =>
      where === 'alone' ? nap.execute(db) : db.transaction().execute((transaction) => nap.execute(transaction)),
    )
    const napping = sql<{
      n: number
    }>`select count(*)::int as n from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'`
    while ((await napping.execute(db)).rows[0]?.n === 0) await sleep(10)
    leaving.abort()
    await expect(work).rejects.toMatchObject(gone)
    while ((await napping.execute(db)).rows[0]?.n !== 0) await sleep(10)
    expect((await one.execute(db)).rows).toEqual([{ one: 1 }])
  })
})

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
