import { type Database, sql } from '@weft/database'
import { z } from 'zod'

const ChunkRow = z.object({
  chunkId: z.string(),
  vectorStoreId: z.string(),
  fileId: z.string(),
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

/** The chunks that were chosen: those already at hand, and the others from the database, which are then at hand too. */
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
    select id::text as "chunkId", vector_store_id as "vectorStoreId", file_id as "fileId", start_offset as "startOffset",
      end_offset as "endOffset", page, heading, header, text, attributes
    from chunks where tenant = ${tenant} and id = any(${missing}::bigint[])
  `.execute(db)
  for (const row of rows.map((each) => ChunkRow.parse(each))) {
    chunks.set(row.chunkId, row)
    const candidate = candidates.get(row.chunkId)
    if (candidate !== undefined) candidate.chunk = row
  }
  return chunks
}

const FilenameRow = z.object({ id: z.string(), filename: z.string() })

/** Read with every search, so that a renamed file is found under its new name at once. */
export async function readFilenames(
  { db }: Database,
  tenant: string,
  chunks: { fileId: string }[],
): Promise<Map<string, string>> {
  if (chunks.length === 0) return new Map()
  const fileIds = [...new Set(chunks.map(({ fileId }) => fileId))]
  const { rows } = await sql`select id, filename from files where tenant = ${tenant} and id = any(${fileIds})`.execute(db)
  return new Map(rows.map((row) => FilenameRow.parse(row)).map(({ id, filename }) => [id, filename]))
}
