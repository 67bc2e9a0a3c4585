import { type Kysely, sql } from 'kysely'
import { type Bm25Hit, type Bm25Query, compareHits, hitColumns } from './bm25-query.ts'
import { isOtherIndex } from './database-errors.ts'
import { storeIndexOf } from './postgres-store-bm25.ts'
import type { Schema } from './schema.ts'

/**
 * By an index of pg_textsearch: that of the store, where one is searched that has its own, else the one that counts words over all stores together.
 *
 * The walk over the index in score order goes on until enough rows pass the filter, and only under that plan are scores at hand, so
 * the planner is left no other: without statistics it would score every chunk of a store by itself, 0.4 ms each. Lengths are one-byte
 * norms and ties break by place, so more rows are fetched and ordered again by (score, id).
 */
export async function walkIndex(db: Kysely<Schema>, query: Bm25Query): Promise<Bm25Hit[]> {
  const [vectorStoreId = '', ...others] = query.vectorStoreIds
  const own = others.length === 0 ? storeIndexOf(vectorStoreId) : undefined
  try {
    return await walk(db, query, own)
  } catch (cause) {
    if (own === undefined || !isOtherIndex(cause)) throw cause
    return walk(db, query, undefined)
  }
}

async function walk(db: Kysely<Schema>, query: Bm25Query, own: string | undefined): Promise<Bm25Hit[]> {
  const { tenant, vectorStoreIds, query: words, limit, filter } = query
  const { rows } = await db.transaction().execute(async (transaction) => {
    const prepared = await sql<{ has_own: boolean }>`
      select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true),
        to_regclass(${own ?? null}) is not null as has_own
    `.execute(transaction)
    const hasOwn = own !== undefined && prepared.rows[0]?.has_own === true
    // The store's index is for its chunks alone: the planner has to see which store it is.
    const stores = hasOwn ? sql`vector_store_id = ${sql.lit(vectorStoreIds[0])}` : sql`vector_store_id = any(${vectorStoreIds})`
    return sql<Bm25Hit>`
      select ${hitColumns}, -bm25_get_current_score() as score
      from chunks
      where tenant = ${tenant} and ${stores} ${filter === undefined ? sql`` : sql`and ${filter}`}
      order by (title || ' ' || text || ' ' || identifiers) <@> to_bm25query(${words}, ${sql.lit(hasOwn ? own : 'chunks_bm25')})
      limit ${limit + Math.max(10, limit)}
    `.execute(transaction)
  })
  return rows
    .filter((row) => row.score > 0)
    .toSorted(compareHits)
    .slice(0, limit)
}
