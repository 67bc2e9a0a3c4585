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
 *
 * The index scan goes on until enough rows pass the filter. Under a plan without the index, rows without any term come with score 0,
 * hence `score < 0`. Lengths are one-byte norms and ties break by place, so more rows are fetched and ordered again by (score, id).
 */
export async function searchBm25(database: Database, { tenant, vectorStoreIds, query, limit, filter }: Bm25Query): Promise<Bm25Hit[]> {
  if (vectorStoreIds.length === 0 || query.trim() === '') return []
  const distance = sql`(title || ' ' || text) <@> to_bm25query(${query}, 'chunks_bm25')`
  const { rows } = await sql<Bm25Hit>`
    select * from (
      select id::text as "chunkId", id, vector_store_id as "vectorStoreId", file_id as "fileId", n, start_offset as "startOffset",
        end_offset as "endOffset", page, heading, title, text, attributes, ${distance} as distance
      from chunks
      where tenant = ${tenant} and vector_store_id = any(${vectorStoreIds}) ${filter === undefined ? sql`` : sql`and ${filter}`}
      order by ${distance}
      limit ${limit + Math.max(10, limit)}
    ) as found
    where distance < 0
    order by distance, id
    limit ${limit}
  `.execute(database.db)
  return rows.map((row) => ({ ...row, score: -Number(Reflect.get(row, 'distance')) }))
}
