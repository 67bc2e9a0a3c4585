import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/**
 * The plans of 0024-search-plain-bm25 last as long as a connection: made while the tables are small, they would read all of them for every word until
 * autovacuum has gathered statistics. Words and chunks are looked up by an index, however few there are.
 */
export async function up(db: Kysely<Schema>): Promise<void> {
  await set(db, 'set enable_seqscan = off')
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await set(db, 'reset enable_seqscan')
}

async function set(db: Kysely<Schema>, change: string): Promise<void> {
  const { rows } = await sql`select 1 where to_regclass('bm25_postings') is not null`.execute(db)
  if (rows.length === 0) return
  for (const name of ['bm25_words', 'bm25_search']) await sql`alter function ${sql.id(name)} ${sql.raw(change)}`.execute(db)
}
