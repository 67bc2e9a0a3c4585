import { sql } from 'kysely'
import type { Database } from './open-database.ts'

export interface NewChunk {
  n: number
  startOffset: number
  endOffset: number
  page: number | undefined
  heading: string | undefined
  text: string
}

export interface ChunkOwner {
  tenant: string
  vectorStoreId: string
  fileId: string
  title: string
  attributes: object
}

/** Chunks of one statement: a round trip every few hundred kilobytes. */
const rowsMax = 500

/** Puts a file's chunks into a store in place of those it had there, in one transaction. */
export async function replaceChunks(database: Pick<Database, 'db'>, owner: ChunkOwner, chunks: NewChunk[]): Promise<void> {
  await database.db.transaction().execute(async (db) => {
    await db.deleteFrom('chunks').where('vector_store_id', '=', owner.vectorStoreId).where('file_id', '=', owner.fileId).execute()
    for (let from = 0; from < chunks.length; from += rowsMax) await insertChunks({ db }, owner, chunks.slice(from, from + rowsMax))
  })
}

async function insertChunks({ db }: { db: Pick<Database['db'], 'getExecutor'> }, owner: ChunkOwner, chunks: NewChunk[]): Promise<void> {
  const rows = chunks.map(({ startOffset, endOffset, page, heading, n, text }) => ({ n, start: startOffset, end: endOffset, page, heading, text }))
  const { tenant, vectorStoreId, fileId, title } = owner
  await sql`
    insert into chunks (tenant, vector_store_id, file_id, n, start_offset, end_offset, page, heading, title, text, attributes)
    select ${tenant}, ${vectorStoreId}, ${fileId}, n, "start", "end", page, heading, ${title}, text, ${JSON.stringify(owner.attributes)}::jsonb
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as row(n int, "start" int, "end" int, page int, heading text, text text)
  `.execute(db)
}
