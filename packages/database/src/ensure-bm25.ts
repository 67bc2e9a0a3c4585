import { type Kysely, sql } from 'kysely'
import { createPlainBm25 } from './migrations/0008-plain-bm25.ts'
import * as searchPlainBm25 from './migrations/0024-search-plain-bm25.ts'
import * as searchByIndex from './migrations/0025-search-by-index.ts'
import type { Schema } from './schema.ts'

/**
 * Makes the tables by which words are searched in plain SQL, where neither engine is there: a dump of the embedded database, which has pg_textsearch, cannot
 * bring its index into a database without it. Runs in a transaction, during which nobody writes chunks. It counts few chunks a statement, because a statement
 * that takes too long is given up.
 */
export async function ensureBm25(db: Kysely<Schema>): Promise<void> {
  const { rows } = await sql`
    select 1 where to_regclass('chunks_bm25') is null and to_regclass('bm25_postings') is null
  `.execute(db)
  if (rows.length === 0) return
  await createPlainBm25(db)
  const stores = await sql<{ id: string }>`select id from vector_stores order by id`.execute(db)
  for (const { id } of stores.rows) await countStore(db, id)
  await searchPlainBm25.up(db)
  await searchByIndex.up(db)
}

/** Some 6 s a statement, at 3 ms a chunk (docs/decisions/0014). */
const chunksAtOnce = 2_000

async function countStore(db: Kysely<Schema>, vectorStoreId: string): Promise<void> {
  await sql`select bm25_lock(array[${vectorStoreId}])`.execute(db)
  for (let last: string | undefined = '0'; last !== undefined; ) {
    const { rows } = await sql<{ last: string | null }>`
      with batch as materialized (
        select id from chunks where vector_store_id = ${vectorStoreId} and id > ${last}::bigint order by id limit ${chunksAtOnce}
      ), ids as materialized (
        select array_agg(id order by id) as ids, max(id)::text as last from batch
      )
      select last, bm25_add(coalesce(ids, '{}')) from ids
    `.execute(db)
    last = rows[0]?.last ?? undefined
  }
}
