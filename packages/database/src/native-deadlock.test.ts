import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { findNativePostgres, startNativeDatabase } from './testing.ts'

const installed = findNativePostgres()
const itWithServer = installed === undefined ? it.skip : it

itWithServer('does a statement again that was undone because others waited for it in a circle', async () => {
  const { database, stop } = await startNativeDatabase(installed ?? '')
  const isWaiting = async (text: string) => {
    const { rows } = await sql`
      select 1 from pg_stat_activity where wait_event_type = 'Lock' and position(${text} in query) > 0
    `.execute(database.db)
    return rows.length > 0
  }
  try {
    await sql`create table counters (id int, n int)`.execute(database.db)
    await sql`insert into counters values (2, 0), (1, 0)`.execute(database.db)
    let statement: Promise<unknown> | undefined
    let others: Promise<unknown> | undefined
    await database.db.transaction().execute(async (gate) => {
      await sql`select pg_advisory_xact_lock(1)`.execute(gate)
      const hasFirst = Promise.withResolvers<void>()
      const mayGoOn = Promise.withResolvers<void>()
      others = database.db.transaction().execute(async (db) => {
        // PostgreSQL undoes the one who looks for a circle while there is one: not this one.
        await sql`set local deadlock_timeout = '1h'`.execute(db)
        await sql`update counters set n = n + 10 where id = 1`.execute(db)
        hasFirst.resolve()
        await mayGoOn.promise
        await sql`update counters set n = n + 10 where id = 2`.execute(db)
      })
      await hasFirst.promise
      // It takes row 2, waits here, and then for row 1.
      statement = sql`
        update counters set n = n + case id when 1 then (select 1 from pg_advisory_xact_lock(1)) else 1 end
      `.execute(database.db)
      while (!(await isWaiting('update counters set n = n + case'))) await sleep(20)
      mayGoOn.resolve()
      while (!(await isWaiting('where id = 2'))) await sleep(20)
    })
    await Promise.all([statement, others])
    const { rows } = await sql`select n from counters`.execute(database.db)
    expect(rows).toEqual([{ n: 11 }, { n: 11 }])
  } finally {
    await stop()
  }
})
