import { WeftError } from '@weft/contracts'
import { type RawBuilder, sql } from 'kysely'
import type { Database } from './open-database.ts'

export interface Bm25Query {
  tenant: string
  vectorStoreIds: string[]
  query: string
  /** Results at most. */
  limit: number
  /** Further SQL over the columns of `chunks`, such as a metadata filter. */
  filter?: RawBuilder<boolean>
}

export interface Bm25Hit {
  chunkId: string
  vectorStoreId: string
  fileId: string
  n: number
  startOffset: number
  endOffset: number
  page: number | null
  heading: string | null
  title: string
  text: string
  attributes: unknown
  /** BM25, above 0; higher is better. */
  score: number
}

/**
 * The best chunks by BM25 (k1 1.2, b .75, English) among the stores given; fewer than `limit` only when fewer contain a query term.
 * Document frequencies are those of all stores together.
 *
 * The walk over the index in score order goes on until enough rows pass the filter, and only under that plan are scores at hand, so
 * the planner is left no other: without statistics it would score every chunk of a store by itself, 0.4 ms each. Lengths are one-byte
 * norms and ties break by place, so more rows are fetched and ordered again by (score, id).
 */
export async function searchBm25(database: Pick<Database, 'db'>, query: Bm25Query): Promise<Bm25Hit[]> {
  if (query.vectorStoreIds.length === 0 || query.query.trim() === '') return []
  try {
    return await walkIndex(database, query)
  } catch (cause) {
    // It only reads: a database that restarted under it is asked again.
    if (!(cause instanceof WeftError) || cause.code !== 'dependency_unavailable') throw cause
    return walkIndex(database, query)
  }
}

async function walkIndex(
  { db }: Pick<Database, 'db'>,
  { tenant, vectorStoreIds, query, limit, filter }: Bm25Query,
): Promise<Bm25Hit[]> {
  const words = query.replaceAll('\0', ' ')
  const { rows } = await db.transaction().execute(async (transaction) => {
    await sql`
      select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true)
    `.execute(transaction)
    return sql<Bm25Hit>`
      select id::text as "chunkId", vector_store_id as "vectorStoreId", file_id as "fileId", n, start_offset as "startOffset",
        end_offset as "endOffset", page, heading, title, text, attributes, -bm25_get_current_score() as score
      from chunks
      where tenant = ${tenant} and vector_store_id = any(${vectorStoreIds}) ${filter === undefined ? sql`` : sql`and ${filter}`}
      order by (title || ' ' || text || ' ' || identifiers) <@> to_bm25query(${words}, 'chunks_bm25')
      limit ${limit + Math.max(10, limit)}
    `.execute(transaction)
  })
  const hits = rows.filter((row) => row.score > 0)
  return hits.toSorted((a, b) => b.score - a.score || Number(a.chunkId) - Number(b.chunkId)).slice(0, limit)
}
