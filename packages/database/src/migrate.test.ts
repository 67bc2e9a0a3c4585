import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { migrateDown, migrateUp, migrations, migrationStatus } from './migrate.ts'
import { findNativePostgres, startNativeDatabase, startPlainDatabase, startTestDatabase, type TestDatabase } from './testing.ts'
import { describeSchema } from './testing/describe-schema.ts'

const native = findNativePostgres()
const starts: Record<string, (() => Promise<TestDatabase>) | undefined> = {
  'the embedded database': startTestDatabase,
  'a database without pg_textsearch': startPlainDatabase,
  'a native PostgreSQL': native === undefined ? undefined : () => startNativeDatabase(native),
}

for (const [name, start] of Object.entries(starts)) {
  if (start !== undefined) describe(`on ${name}`, () => comeAndGo(start))
}

function comeAndGo(start: () => Promise<TestDatabase>): void {
  let test: TestDatabase

  beforeAll(async () => {
    test = await start()
  })

  afterAll(() => test.stop())

  it('all migrations go down and up again, leaving the same, and nothing in between', async () => {
    const first = await describeSchema(test.database)
    expect(first.filter((line) => line.startsWith('column')).length).toBeGreaterThan(100)
    expect(await migrateDown(test.database, 99)).toEqual(migrations.map(({ name }) => name).toReversed())
    expect(await describeSchema(test.database)).toEqual([])
    await migrateUp(test.database)
    expect(await describeSchema(test.database)).toEqual(first)
    expect((await migrationStatus(test.database)).every((status) => status.appliedAt !== undefined)).toBe(true)
  })

  it('each migration takes back what it did, and nothing else', async () => {
    const { database } = test
    await migrateDown(database, 99)
    for (const migration of migrations) {
      const before = await describeSchema(database)
      await migration.up(database.db)
      const after = await describeSchema(database)
      await migration.down(database.db)
      expect({ migration: migration.name, left: await describeSchema(database) }).toEqual({
        migration: migration.name,
        left: before,
      })
      await migration.up(database.db)
      expect(await describeSchema(database)).toEqual(after)
    }
    for (const { name } of migrations) await sql`insert into weft_migrations (name) values (${name})`.execute(database.db)
  })

  it('texts in pieces are whole again when pieces are taken back, and empty ones stay empty', async () => {
    const { db } = test.database
    await sql`insert into files (id, tenant, filename, bytes, purpose, content_hash) values ('file_long', 'acme', 'long', 1, 'assistants', '')`.execute(
      db,
    )
    await sql`insert into files (id, tenant, filename, bytes, purpose, content_hash) values ('file_empty', 'acme', 'empty', 0, 'assistants', '')`.execute(
      db,
    )
    await sql`insert into file_texts (file_id, text, text_hash) values ('file_long', '', 'hash'), ('file_empty', '', 'none')`.execute(
      db,
    )
    await sql`
      insert into file_text_pieces (file_id, n, start_offset, length, text) values ('file_long', 1, 4, 4, 'Weft'), ('file_long', 0, 0, 4, 'Warp')
    `.execute(db)
    const pieces = migrations.find(({ name }) => name === '0022-texts-in-pieces')
    await pieces?.down(db)
    const { rows: texts } = await sql`select text from file_texts order by text`.execute(db)
    expect(texts).toEqual([{ text: '' }, { text: 'WarpWeft' }])
    await pieces?.up(db)
    await sql`delete from files where id in ('file_long', 'file_empty')`.execute(db)
  })

  it('rows do not stand in the way, and stay as long as their table does', async () => {
    const { database } = test
    for (const row of rows) await sql`insert into ${sql.raw(row)}`.execute(database.db)
    for (const { name } of migrations.toReversed()) {
      expect(await migrateDown(database, 1)).toEqual([name])
      if (name === '0004-blobs-of-sessions') expect(await countRows(database, 'blobs')).toBe(1)
      if (name !== '0001-knowledge') expect(await countRows(database, 'chunks')).toBe(1)
      if (name > '0012-model-calls') expect(await countRows(database, 'model_calls')).toBe(1)
      if (name > '0013-budgets') expect(await countRows(database, 'budgets')).toBe(1)
      if (name > '0007-embeddings')
        expect(await countRows(database, 'embedding_models')).toBe(name > '0010-embeddings-rebuild' ? 3 : 1)
      if (name > '0003') expect(await countRows(database, 'sessions')).toBe(2)
    }
    await migrateUp(database)
  })
}

/** Two sessions with the same large output, which 0004 keeps apart; and of other tables a row that a migration changes. */
const rows = [
  `api_keys (id, tenant, name, key_hash, key_prefix, scopes, roles) values ('key_1', 't', '', '', '', '{chat}', '{legal}')`,
  `files (id, tenant, filename, bytes, purpose, content_hash) values ('file_1', 't', 'f', 1, '', '')`,
  `vector_stores (id, tenant, name) values ('vs_1', 't', '')`,
  `chunks (tenant, vector_store_id, file_id, n, start_offset, end_offset, text) values ('t', 'vs_1', 'file_1', 0, 0, 7, 'a heron')`,
  `sessions (tenant, id, status) values ('t', 'sess_1', 'running'), ('t', 'sess_2', 'running')`,
  `blobs (tenant, session_id, hash, content) values ('t', 'sess_1', 'same', '{}'), ('t', 'sess_2', 'same', '{}')`,
  `approval_history values ('t', 1, 'appr_1', 'sess_1', 1, now(), '{}', '', 'h')`,
  `embedding_models (id, dimensions, is_normalised, is_active) values ('active', 3, true, true)`,
  `embedding_models (id, dimensions, is_normalised, rebuild_started_at) values ('building', 3, true, now())`,
  `embedding_models (id, dimensions, is_normalised, retired_at) values ('retired', 3, true, now())`,
  `budgets (id, tenant, scope, period, limit_nano, on_breach) values ('bud_1', 't', 'tenant', 'day', 5, 'reject')`,
  `model_calls (id, tenant, kind, agent, model, provider, price_known, attempt, first_call_id, is_streamed, started_at, outcome, input_tokens,
    output_tokens, cost_usd, measured) values ('call_1', 't', 'chat', 'rag', 'm', 'p', true, 1, 'call_1', false, now(), 'completed', 1, 1, 1, true)`,
  `webhooks (tenant, id, url, secrets, rotated_at) values ('t', 'wh_1', 'https://example.com', '{s}', now())`,
]

async function countRows({ db }: TestDatabase['database'], table: string): Promise<number> {
  const known = await sql`select 1 where to_regclass(${table}) is not null`.execute(db)
  if (known.rows.length === 0) return 0
  return (await sql<{ n: number }>`select count(*)::int as n from ${sql.table(table)}`.execute(db)).rows[0]?.n ?? 0
}

describe('migrations', () => {
  let test: TestDatabase

  beforeAll(async () => {
    test = await startTestDatabase()
  })

  afterAll(() => test.stop())

  it('is applied once when several processes start together', async () => {
    await migrateDown(test.database, 99)
    await sql`drop table weft_migrations`.execute(test.database.db)
    const applied = await Promise.all(Array.from({ length: 5 }, () => migrateUp(test.database)))
    expect(applied.flat().toSorted()).toEqual(migrations.map(({ name }) => name))
  })

  it('of a newer version are named, and nothing is done to its database', async () => {
    const { database } = test
    await sql`insert into weft_migrations (name) values ('9001-newer'), ('9000-new')`.execute(database.db)
    const before = await describeSchema(database)
    await expect(migrateUp(database)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(
        `it has "9001-newer", and this version's last is "${migrations.at(-1)?.name}"; start that version`,
      ),
    })
    await expect(migrateDown(database, 1)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('9001-newer'),
    })
    expect(await describeSchema(database)).toEqual(before)
    expect((await migrationStatus(database)).slice(-2).map(({ name }) => name)).toEqual(['9000-new', '9001-newer'])
    await sql`delete from weft_migrations where name like '900%'`.execute(database.db)
  })

  it.each([
    [
      'the newest sessions of a tenant',
      'sessions_created',
      `select id from sessions where tenant = 't' and (created_at, id) < (now(), 'x') order by created_at desc, id desc limit 21`,
    ],
    [
      'the sessions of a tenant that ended first',
      'sessions_ended',
      `select id from sessions s where tenant = 't' and status in ('completed', 'failed', 'cancelled') and updated_at < now()
        and (updated_at, id) > ('-infinity', '') order by updated_at, id limit 50`,
    ],
    [
      'a tenant’s files that wait longest to be read',
      'vector_store_files_jobs',
      `select file_id from vector_store_files where status = 'in_progress' and tenant = 't' order by created_at limit 21`,
    ],
  ])('finds %s without sorting all of them', async (_what, index, query) => {
    const plan = await test.database.db.transaction().execute(async (db) => {
      // So few rows would be sorted.
      await sql`set local enable_sort = off`.execute(db)
      return JSON.stringify((await sql.raw(`explain ${query}`).execute(db)).rows)
    })
    expect(plan).toMatch(new RegExp(`Index (Only )?Scan using ${index}`))
    expect(plan).not.toContain('Sort')
  })
})
