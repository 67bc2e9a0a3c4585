import { type Kysely, sql } from 'kysely'
import { type Bm25Hit, type Bm25Query, compareHits, hitColumns } from './bm25-query.ts'
import type { Schema } from './schema.ts'

/**
 * By the index of pg_textsearch. Document frequencies are those of all stores together.
 *
 * The walk over the index in score order goes on until enough rows pass the filter, and only under that plan are scores at hand, so
 * the planner is left no other: without statistics it would score every chunk of a store by itself, 0.4 ms each. Lengths are one-byte
 * norms and ties break by place, so more rows are fetched and ordered again by (score, id).
 */
export async function walkIndex(db: Kysely<Schema>, query: Bm25Query): Promise<Bm25Hit[]> {
  const { tenant, vectorStoreIds, query: words, limit, filter } = query
  const { rows } = await db.transaction().execute(async (transaction) => {
    await sql`
      select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true)
    `.execute(transaction)
    return sql<Bm25Hit>`
      select ${hitColumns}, -bm25_get_current_score() as score
      from chunks
      where tenant = ${tenant} and vector_store_id = any(${vectorStoreIds}) ${filter === undefined ? sql`` : sql`and ${filter}`}
      order by (title || ' ' || text || ' ' || identifiers) <@> to_bm25query(${words}, 'chunks_bm25')
      limit ${limit + Math.max(10, limit)}
    `.execute(transaction)
  })
  return rows
    .filter((row) => row.score > 0)
    .toSorted(compareHits)
    .slice(0, limit)
}
