import { expect, it } from '@jest/globals'
import { tidyTables } from './pglite-tidying.ts'
import { createPlainPglite } from './testing.ts'

it('vacuums and analyses what was changed much, while nobody is served, and leaves the rest alone', async () => {
  const db = await createPlainPglite()
  await db.exec('create table small (n int); insert into small values (1); create table "Large" (n int)')
  await db.exec('insert into "Large" select generate_series(1, 3000); delete from "Large" where n > 100')
  expect(await tidyTables(db, () => false)).toEqual([])
  expect(await tidyTables(db, () => true)).toEqual(['"Large"'])
  expect((await db.query(`select n_dead_tup::int as dead from pg_stat_user_tables where relname = 'Large'`)).rows).toEqual([
    { dead: 0 },
  ])
  expect(await tidyTables(db, () => true)).toEqual([])
  await db.close()
})
