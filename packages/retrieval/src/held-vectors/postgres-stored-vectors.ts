import { type Database, type RawBuilder, sql } from '@weft/database'
import { z } from 'zod'
import type { HeldChunk } from './vector-table.ts'

export type StoreOfTenant = { tenant: string; vectorStoreId: string }

/** The `n`th vector of a chunk, as bits of half-precision numbers. */
export type StoredVector = StoreOfTenant & { chunk: HeldChunk; n: number; halves: Uint16Array }

/** The chunks of a store that have vectors of a model, up to one more than `max`. */
export async function listEmbeddedChunks(
  { db }: Pick<Database, 'db'>,
  { model, tenant, vectorStoreId, max }: StoreOfTenant & { model: string; max: number },
): Promise<string[]> {
  const { rows } = await sql`
    select array(
      select distinct chunk_id::text from chunk_embeddings
      where model = ${model} and tenant = ${tenant} and vector_store_id = ${vectorStoreId} limit ${max + 1}
    ) as chunks
  `.execute(db)
  return z.object({ chunks: z.array(z.string()) }).parse(rows[0]).chunks
}

const Place = z.tuple([z.string(), z.string(), z.int(), z.int(), z.string(), z.int(), z.int(), z.int(), z.string().nullable()])
const Packed = z.object({ places: z.array(Place).nullable(), vectors: z.instanceof(Buffer).nullable() })

/** All vectors that the chunks have of a model. */
export async function readStoredVectors(
  { db }: Pick<Database, 'db'>,
  { model, chunks }: { model: string; chunks: string[] },
): Promise<StoredVector[]> {
  const { rows } = await packed(sql`
    select e.chunk_id, e.n as vector, e.embedding, e.tenant, e.vector_store_id, c.file_id, c.n, c.start_offset, c.end_offset,
      c.attributes ->> 'document_id' as document_id
    from unnest(${chunks}::bigint[]) as asked(id) cross join lateral (
      select * from chunk_embeddings where model = ${model} and chunk_id = asked.id offset 0
    ) e cross join lateral (select * from chunks where id = asked.id offset 0) c
  `).execute(db)
  const { places, vectors } = Packed.parse(rows[0])
  return unpack(places ?? [], vectors ?? Buffer.alloc(0))
}

/** In one row: each by itself would take longer than it is read. */
function packed(found: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    with found as materialized (${found})
    select json_agg(json_build_array(tenant, vector_store_id, chunk_id, vector, file_id, n, start_offset, end_offset, document_id)
      order by chunk_id, vector) as places, string_agg(halfvec_send(embedding), ''::bytea order by chunk_id, vector) as vectors
    from found
  `
}

/** Before the numbers, pgvector sends how many there are, and nothing, in two bytes each. */
const headBytes = 4

function unpack(places: z.infer<typeof Place>[], vectors: Buffer): StoredVector[] {
  const bytes = Uint8Array.from(vectors)
  Buffer.from(bytes.buffer).swap16()
  let at = 0
  return places.map(([tenant, vectorStoreId, id, n, fileId, ...place]) => {
    const [placeInFile, startOffset, endOffset, documentId] = place
    const [dimensions = 0] = new Uint16Array(bytes.buffer, at, 1)
    const halves = new Uint16Array(bytes.buffer, at + headBytes, dimensions)
    at += headBytes + 2 * dimensions
    const chunk = { chunkId: String(id), fileId, n: placeInFile, startOffset, endOffset, documentId: documentId ?? undefined }
    return { tenant, vectorStoreId, chunk, n, halves }
  })
}
