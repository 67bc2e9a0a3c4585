import { type Database, sql } from '@weft/database'
import { z } from 'zod'

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
 * The chunks that were chosen: those already at hand, and the others from the database, which are then at hand too. The file's name is read with them, so
 * that a renamed file is found under its new name at once.
 */
export async function readChunks({ db }: Database, { tenant, chosen, candidates }: ChosenChunks): Promise<Map<string, ChunkRow>> {
  const chunks = new Map<string, ChunkRow>()
  const missing: string[] = []
  for (const { id } of chosen) {
    const chunk = candidates.get(id)?.chunk
    if (chunk === undefined) missing.push(id)
    else chunks.set(id, chunk)
  }
  if (missing.length === 0) return chunks
  const { rows } = await sql`
    select c.id::text as "chunkId", c.vector_store_id as "vectorStoreId", c.file_id as "fileId", f.filename, c.start_offset as "startOffset",
      c.end_offset as "endOffset", c.page, c.heading, c.header, c.text, c.attributes
    from chunks c join files f on f.id = c.file_id where c.tenant = ${tenant} and c.id = any(${missing}::bigint[])
  `.execute(db)
  for (const row of rows.map((each) => ChunkRow.parse(each))) {
    chunks.set(row.chunkId, row)
    const candidate = candidates.get(row.chunkId)
    if (candidate !== undefined) candidate.chunk = row
  }
  return chunks
}
