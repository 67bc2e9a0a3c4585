import { type Kysely, sql } from 'kysely'
import { type Bm25Hit, type Bm25Query, compareHits, hitColumns, packHits, unpackHits } from './bm25-query.ts'
import { isOtherIndex } from './database-errors.ts'
import { storeIndexOf } from './postgres-store-bm25.ts'
import type { Schema } from './schema.ts'
import { withoutSorting } from './without-sorting.ts'

/**
 * By an index of pg_textsearch: that of the store, where one is searched that has its own, else the one that counts words over all stores together.
 *
 * The walk over the index in score order goes on until enough rows pass the filter, and only under that plan are scores at hand, so the planner is
 * left no other: without statistics it would score every chunk of a store by itself, 0.4 ms each. Lengths are one-byte norms and ties break by
 * place, so more rows are fetched and ordered again by (score, id).
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

/** Rows of nearly the score of the last that is wanted. */
const spare = 10

async function walk(db: Kysely<Schema>, query: Bm25Query, own: string | undefined): Promise<Bm25Hit[]> {
  const { tenant, vectorStoreIds, query: words, limit, filter } = query
  // A store's index is for its chunks alone: the planner has to see which store it is.
  const stores =
    own === undefined ? sql`vector_store_id = any(${vectorStoreIds})` : sql`vector_store_id = ${sql.lit(vectorStoreIds[0])}`
  const index = own === undefined ? sql`'chunks_bm25'` : sql`coalesce(to_regclass(${sql.lit(own)})::text, 'chunks_bm25')`
  const found = sql`
    select ${hitColumns}, -bm25_get_current_score() as score
    from chunks
    where tenant = ${tenant} and ${stores} ${filter === undefined ? sql`` : sql`and ${filter}`}
    order by (title || ' ' || text || ' ' || identifiers) <@> to_bm25query(${words}, ${index})
    limit ${limit + spare}
  `
  return unpackHits(await withoutSorting({ db }, packHits(found)))
    .filter(({ score }) => score > 0)
    .toSorted(compareHits)
    .slice(0, limit)
}
