import { type Database, sql, storableText } from '@weft/database'
import { z } from 'zod'

type OfFile = { tenant: string; fileId: string }

const HeaderRow = z.object({ key: z.string(), header: z.string() })

/** The tenant's headers for these keys, whichever file they were written for. From now on they are also kept for this file. */
export async function readHeaders(
  { db }: Database,
  { tenant, fileId, keys }: OfFile & { keys: string[] },
): Promise<Map<string, string>> {
  const { rows } = await sql`
    with known as (
      select distinct on (key) key, header from chunk_headers where tenant = ${tenant} and key = any(${keys}::text[]) order by key
    ), kept as (
      insert into chunk_headers (tenant, file_id, key, header)
      select files.tenant, files.id, known.key, known.header from known join files on files.tenant = ${tenant} and files.id = ${fileId}
      on conflict do nothing
    )
    select key, header from known
  `.execute(db)
  return new Map(rows.map((row) => HeaderRow.parse(row)).map(({ key, header }) => [key, header]))
}

/** Stores a header for as long as its file exists. Answers false when the file was deleted. */
export async function keepHeader(
  { db }: Database,
  { tenant, fileId, key, header }: OfFile & { key: string; header: string },
): Promise<boolean> {
  const { rows } = await sql`
    insert into chunk_headers (tenant, file_id, key, header)
    select tenant, id, ${key}, ${storableText(header)} from files where tenant = ${tenant} and id = ${fileId} for key share
    on conflict (tenant, key, file_id) do update set header = chunk_headers.header returning 1
  `.execute(db)
  return rows.length > 0
}
