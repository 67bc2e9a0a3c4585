import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { askKept, type KeptQuery } from './kept-query.ts'
import { openDatabase } from './open-database.ts'
import { startTestDatabase, type TestDatabase } from './testing.ts'

let test: TestDatabase

beforeAll(async () => {
  test = await startTestDatabase()
})
afterAll(() => test.stop())

const list = (settings: Record<string, string> = {}): KeptQuery => ({
  parameters: ['text', 'text[]', 'int'],
  settings,
  query: sql`select json_build_array($1, $2, $3, ${sql.lit("it's")}, current_setting('enable_sort'))`,
})

const kept = async () => {
  const { rows } = await sql<{ name: string }>`select proname as name from pg_proc where proname like 'kept\_%'`.execute(
    test.database.db,
  )
  return rows.map(({ name }) => name)
}

it('hands values over as they are, runs under its settings, and sets nothing for others', async () => {
  const text = String.raw`it's \ a "text" with $1 and $$`
  const ask = () => askKept(test.database, list({ enable_sort: 'off' }), [text, ['a"b', '{g}'], 7])
  const answer = [text, ['a"b', '{g}'], 7, "it's", 'off']
  expect(await ask()).toEqual(answer)
  expect(await ask()).toEqual(answer)
  const { rows } = await sql`show enable_sort`.execute(test.database.db)
  expect(rows).toEqual([{ enable_sort: 'on' }])
})

it('answers what is stored now, also after the table was made anew', async () => {
  const { db } = test.database
  const count: KeptQuery = { parameters: ['int'], settings: {}, query: sql`select to_json(count(*)) from counted where n > $1` }
  for (const rows of [3, 5]) {
    await sql`drop table if exists counted`.execute(db)
    await sql`create table counted as select n from generate_series(1, ${rows}::int) n`.execute(db)
    expect(await askKept(test.database, count, [1])).toBe(rows - 1)
    await sql`insert into counted values (9)`.execute(db)
    expect(await askKept(test.database, count, [1])).toBe(rows)
  }
})

const numbered = (n: number): KeptQuery => ({
  parameters: ['int'],
  settings: {},
  query: sql`select to_json($1 + ${sql.lit(n)})`,
})

it('runs the same query under each of the settings it is asked with', async () => {
  const setting = (value: string): KeptQuery => ({
    parameters: [],
    settings: { enable_sort: value },
    query: sql`select to_json(current_setting('enable_sort'))`,
  })
  for (const value of ['off', 'on', 'off']) expect(await askKept(test.database, setting(value), [])).toBe(value)
})

it('keeps a bounded number of queries, answers one it let go as before, and takes no memory for those', async () => {
  const contexts = async () => {
    const { rows } = await sql<{ count: number }>`select count(*)::int as count from pg_backend_memory_contexts`.execute(
      test.database.db,
    )
    return rows[0]?.count ?? 0
  }
  const askAll = async () => {
    for (let n = 0; n < 40; n++) expect(await askKept(test.database, numbered(n), [1])).toBe(n + 1)
    return contexts()
  }
  const first = await askAll()
  await askAll()
  expect(await askAll()).toBeLessThan(first + 40)
  expect((await kept()).length).toBeLessThanOrEqual(3 * 32)
})

it('answers each of more queries than are kept, asked at once, and by another process', async () => {
  const other = openDatabase({ urls: [test.url] })
  const all = Array.from({ length: 40 }, (_, n) => n)
  for (const database of [test.database, other]) {
    const answers = await Promise.all(all.map((n) => askKept(database, numbered(n + 100), [1])))
    expect(answers).toEqual(all.map((n) => n + 101))
  }
  expect(await askKept(test.database, numbered(139), [1])).toBe(140)
  await other.stop()
})

it('says what is wrong with a query, as often as it is asked', async () => {
  const wrong: KeptQuery = { parameters: ['int'], settings: {}, query: sql`select to_json($1) from no_such_table` }
  for (let round = 0; round < 2; round++) await expect(askKept(test.database, wrong, [1])).rejects.toThrow('no_such_table')
})
