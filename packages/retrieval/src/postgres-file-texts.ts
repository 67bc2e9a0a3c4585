import { createHash } from 'node:crypto'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import { fileKinds, textKindOf } from './file-kind.ts'
import type { ParsedFile } from './parse-file.ts'

/** How a stored text came about; it lies beside the text in the column `pages`. */
const Origin = z.object({ kind: z.enum(fileKinds), starts: z.array(z.int()).optional() })

const Row = z.object({ file_id: z.string(), text: z.string(), pages: Origin })

export type FileToRead = { tenant: string; fileId: string; filename: string; contentHash: string }

/**
 * The parsed text of a file, if it was parsed before: itself, or another file of the tenant with the same bytes and a name of the same kind,
 * whose text is then kept for this one too.
 */
export async function findFileText(database: Database, file: FileToRead): Promise<ParsedFile | undefined> {
  const { tenant, fileId, contentHash } = file
  const { rows } = await sql`
    select t.file_id, t.text, t.pages from file_texts t join files f on f.id = t.file_id
    where f.tenant = ${tenant} and f.content_hash = ${contentHash}
      and (t.file_id = ${fileId} or t.pages ->> 'kind' in ('pdf', ${textKindOf(file.filename) ?? 'pdf'}))
    order by (t.file_id = ${fileId}) desc limit 1
  `.execute(database.db)
  if (rows.length === 0) return undefined
  const { file_id: foundId, text, pages } = Row.parse(rows[0])
  if (foundId !== fileId) {
    await sql`
      insert into file_texts (file_id, text, text_hash, pages) select ${fileId}, text, text_hash, pages from file_texts where file_id = ${foundId}
      on conflict (file_id) do nothing
    `.execute(database.db)
  }
  return { text, kind: pages.kind, ...(pages.starts === undefined ? {} : { pages: pages.starts }) }
}

/** Keeps a parsed text; the first one stays, since offsets given out refer to it. */
export async function saveFileText(database: Database, fileId: string, { text, kind, pages }: ParsedFile): Promise<void> {
  const origin: z.infer<typeof Origin> = { kind, ...(pages === undefined ? {} : { starts: pages }) }
  await sql`
    insert into file_texts (file_id, text, text_hash, pages)
    values (${fileId}, ${text}, ${createHash('sha256').update(text).digest('hex')}, ${JSON.stringify(origin)}::jsonb)
    on conflict (file_id) do nothing
  `.execute(database.db)
}
