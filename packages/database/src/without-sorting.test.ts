import { expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { startTestDatabase } from './testing.ts'
import { withoutSorting } from './without-sorting.ts'

it('hands values over as they are, whatever stands in them, and sets nothing for others', async () => {
  const { database, stop } = await startTestDatabase()
  try {
    const text = String.raw`it's \ a "text" with $1, $$ and \n; drop table chunks; --`
    const list = ['a"b', "c'd", String.raw`e\f`, '{g},h']
    const statement = sql`select json_build_array(${text}::text, ${list}::text[], ${1.5}::float8, ($1)::text, current_setting('enable_sort'))`
    const near = Buffer.from([0, 1, 0, 0, 0x3f, 0x80, 0, 0])
    expect(await withoutSorting(database, statement, near)).toEqual([text, list, 1.5, '[1]', 'off'])
    const { rows } = await sql`show enable_sort`.execute(database.db)
    expect(rows).toEqual([{ enable_sort: 'on' }])
  } finally {
    await stop()
  }
})
