import { askKept, type Database, type KeptQuery, type RawBuilder, sql } from '@weft/database'
import { z } from 'zod'
import { placeOf } from './postgres-place.ts'

const ChunkRow = z.object({
  chunkId: z.string(),
  vectorStoreId: z.string(),
  fileId: z.string(),
  filename: z.string(),
  startOffset: z.int(),
  endOffset: z.int(),
  page: z.int().nullable(),
  heading: z.string().nullable(),
  header: z.string().nullable(),
  text: z.string(),
  attributes: z.unknown(),
})
export type ChunkRow = z.infer<typeof ChunkRow>

type ChosenChunks = { tenant: string; chosen: { id: string }[]; candidates: ReadonlyMap<string, { chunk?: ChunkRow }> }

/**
 * Reads the chosen chunks, by id. Chunks that a candidate has already are not read again; those that are read are kept in their candidates. File names are read
 * with the chunks, so that a renamed file shows its new name at once.
 */
export async function readChunks(
  database: Database,
  { tenant, chosen, candidates }: ChosenChunks,
): Promise<Map<string, ChunkRow>> {
  const chunks = new Map<string, ChunkRow>()
  const missing: string[] = []
  for (const { id } of chosen) {
    const chunk = candidates.get(id)?.chunk
    if (chunk === undefined) missing.push(id)
    else chunks.set(id, chunk)
  }
  if (missing.length === 0) return chunks
  for (const row of await readRows(database, tenant, missing)) {
    chunks.set(row.chunkId, row)
    const candidate = candidates.get(row.chunkId)
    if (candidate !== undefined) candidate.chunk = row
  }
  return chunks
}

/** In the embedded database with a kept plan: planning this statement takes it twice as long as reading ten chunks. */
async function readRows(database: Database, tenant: string, ids: string[]): Promise<ChunkRow[]> {
  const { isEmbedded } = await placeOf(database)
  if (isEmbedded) return Packed.parse(await askKept(database, kept, [tenant, ids]))
  const { rows } = await chunksOf({ tenant: sql`${tenant}`, ids: sql`${ids}::bigint[]` }).execute(database.db)
  return Packed.parse(rows[0]?.chunks)
}

const Packed = z
  .array(ChunkRow)
  .nullable()
  .transform((rows) => rows ?? [])

const kept: KeptQuery = {
  parameters: ['text', 'bigint[]'],
  settings: { enable_seqscan: 'off' },
  query: chunksOf({ tenant: sql`$1`, ids: sql`$2` }),
}

function chunksOf({ tenant, ids }: Record<'tenant' | 'ids', RawBuilder<unknown>>): RawBuilder<{ chunks: unknown }> {
  return sql`
    select json_agg(json_build_object('chunkId', c.id::text, 'vectorStoreId', c.vector_store_id, 'fileId', c.file_id, 'filename', f.filename,
      'startOffset', c.start_offset, 'endOffset', c.end_offset, 'page', c.page, 'heading', c.heading, 'header', c.header, 'text', c.text,
      'attributes', c.attributes)) as chunks
    from chunks c join files f on f.id = c.file_id where c.tenant = ${tenant} and c.id = any(${ids})
  `
}
