import { type RawBuilder, sql } from 'kysely'
import { z } from 'zod'

/** A chunk that was found: where it stands and how well it matches, without its text, since most of what is found is never shown. */
export interface ChunkHit {
  chunkId: string
  fileId: string
  /** The chunk's place among those of its file, from 0. */
  n: number
  startOffset: number
  endOffset: number
  /** The file's attribute `document_id`, as text. */
  documentId: string | undefined
  /** Higher is better. */
  score: number
}

/** Orders hits by score, best first; of equal ones the older chunk comes first. */
export function compareHits(a: ChunkHit, b: ChunkHit): number {
  return b.score - a.score || Number(a.chunkId) - Number(b.chunkId)
}

/** The columns of `chunks` that a hit is made of. */
export const hitColumns = sql`id, file_id, n, start_offset, end_offset, attributes ->> 'document_id' as document_id`

const Packed = z.array(z.tuple([z.int(), z.string(), z.int(), z.int(), z.int(), z.string().nullable(), z.number()]))

/** Wraps a query that selects {@link hitColumns} and `score`, so that it answers all its hits as one JSON value: sending them as rows takes longer than finding them. */
export function packHits(found: RawBuilder<unknown>): RawBuilder<{ hits: unknown }> {
  return sql`
    select json_agg(json_build_array(id, file_id, n, start_offset, end_offset, document_id, score)) as hits from (${found}) found
  `
}

/** Reads the value that a query of {@link packHits} answers, in the query's order. */
export function unpackHits(hits: unknown): ChunkHit[] {
  return Packed.parse(hits ?? []).map(([id, fileId, n, startOffset, endOffset, documentId, score]) => {
    return { chunkId: String(id), fileId, n, startOffset, endOffset, documentId: documentId ?? undefined, score }
  })
}
