import { type RawBuilder, sql } from 'kysely'
import { z } from 'zod'

/** Where a chunk that was found stands, without its text: most of what is found is not shown. */
export interface ChunkHit {
  chunkId: string
  fileId: string
  /** Its place among the chunks of its file, from 0. */
  n: number
  startOffset: number
  endOffset: number
  /** Its attribute `document_id`, as text. */
  documentId: string | undefined
  /** Higher is better. */
  score: number
}

/** Best first, and of equal ones the older. */
export function compareHits(a: ChunkHit, b: ChunkHit): number {
  return b.score - a.score || Number(a.chunkId) - Number(b.chunkId)
}

/** The columns of `chunks` that a hit is made of. */
export const hitColumns = sql`id, file_id, n, start_offset, end_offset, attributes ->> 'document_id' as document_id`

const Packed = z.array(z.tuple([z.int(), z.string(), z.int(), z.int(), z.int(), z.string().nullable(), z.number()]))

/** Of a query that selects {@link hitColumns} and `score`: its hits as one value. Row by row they would take longer than to be found. */
export function packHits(found: RawBuilder<unknown>): RawBuilder<{ hits: unknown }> {
  return sql`
    select json_agg(json_build_array(id, file_id, n, start_offset, end_offset, document_id, score)) as hits from (${found}) found
  `
}

/** What {@link packHits} made, in its order. */
export function unpackHits(hits: unknown): ChunkHit[] {
  return Packed.parse(hits ?? []).map(([id, fileId, n, startOffset, endOffset, documentId, score]) => {
    return { chunkId: String(id), fileId, n, startOffset, endOffset, documentId: documentId ?? undefined, score }
  })
}
