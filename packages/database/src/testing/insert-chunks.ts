import { type Kysely, sql } from 'kysely'
import type { Database } from '../open-database.ts'
import type { Schema } from '../schema.ts'

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

const batchRowsMax = 500

/** Replaces the chunks of a file in a store: the old ones are deleted in the transaction that inserts the first batch, the rest follow one statement each. */
export async function replaceChunks({ db }: Pick<Database, 'db'>, owner: ChunkOwner, chunks: NewChunk[]): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await transaction
      .deleteFrom('chunks')
      .where('vector_store_id', '=', owner.vectorStoreId)
      .where('file_id', '=', owner.fileId)
      .execute()
    await insertBatch(transaction, owner, chunks.slice(0, batchRowsMax))
  })
  for (let from = batchRowsMax; from < chunks.length; from += batchRowsMax)
    await insertBatch(db, owner, chunks.slice(from, from + batchRowsMax))
}

async function insertBatch(
  db: Kysely<Schema>,
  { tenant, vectorStoreId, fileId, title, attributes }: ChunkOwner,
  chunks: NewChunk[],
): Promise<void> {
  const rows = chunks.map(({ startOffset: start, endOffset: end, ...chunk }) => ({ ...chunk, start, end }))
  await sql`
    insert into chunks (tenant, vector_store_id, file_id, n, start_offset, end_offset, page, heading, title, text, attributes)
    select ${tenant}, ${vectorStoreId}, ${fileId}, n, "start", "end", page, heading, ${title}, text, ${JSON.stringify(attributes)}::jsonb
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as row(n int, "start" int, "end" int, page int, heading text, text text)
  `.execute(db)
}
