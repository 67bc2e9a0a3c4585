import { expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { findNativePostgres, startNativeDatabase } from './testing.ts'

const installed = findNativePostgres()
const itWithServer = installed === undefined ? it.skip : it

itWithServer('does a statement again that was undone because others waited for it in a circle', async () => {
  const { database, stop } = await startNativeDatabase(installed ?? '')
  try {
    await sql`create table counters (id int, n int)`.execute(database.db)
    await sql`insert into counters values (2, 0), (1, 0)`.execute(database.db)
    const both = Promise.withResolvers<void>()
    const holder = database.db.transaction().execute(async (db) => {
      await sql`update counters set n = n + 10 where id = 1`.execute(db)
      both.resolve()
      await new Promise((resolve) => setTimeout(resolve, 200))
      await sql`update counters set n = n + 10 where id = 2`.execute(db)
    })
    await both.promise
    // It takes row 2 and waits for row 1, first of both: PostgreSQL undoes it after a second.
    await sql`update counters set n = n + 1`.execute(database.db)
    await holder
    const { rows } = await sql`select n from counters`.execute(database.db)
    expect(rows).toEqual([{ n: 11 }, { n: 11 }])
  } finally {
    await stop()
  }
})
