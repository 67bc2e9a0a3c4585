import { type RawBuilder, sql } from 'kysely'

export interface Bm25Query {
  tenant: string
  vectorStoreIds: string[]
  query: string
  /** Results at most. */
  limit: number
  /** Further SQL over the columns of `chunks`, such as a metadata filter. */
  filter?: RawBuilder<boolean>
}

/** Where a chunk stands, without its text: most of what is found is not shown. */
export interface Bm25Hit {
  chunkId: string
  vectorStoreId: string
  fileId: string
  /** Its place among the chunks of its file, from 0. */
  n: number
  startOffset: number
  endOffset: number
  attributes: unknown
  /** BM25, above 0; higher is better. */
  score: number
}

/** Best first, and of equal ones the older. */
export function compareHits(a: Bm25Hit, b: Bm25Hit): number {
  return b.score - a.score || Number(a.chunkId) - Number(b.chunkId)
}

/** The columns of `chunks` as fields of a hit. */
export const hitColumns = sql`
  id::text as "chunkId", vector_store_id as "vectorStoreId", file_id as "fileId", n, start_offset as "startOffset", end_offset as "endOffset", attributes`
