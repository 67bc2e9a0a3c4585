import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import { fileKinds, textKindOf } from './file-kind.ts'
import type { ParsedFile } from './parse-file.ts'
import { partBytesMax } from './postgres-files.ts'

/** How a stored text came about; it lies beside the text in the column `pages`. */
const Origin = z.object({ kind: z.enum(fileKinds), starts: z.array(z.int()).optional() })

/** The value of the column `pages` for a text. */
export function originOf({ kind, pages }: ParsedFile): string {
  const origin: z.infer<typeof Origin> = { kind, ...(pages === undefined ? {} : { starts: pages }) }
  return JSON.stringify(origin)
}

const Row = z.object({
  owner: z.string().nullable(),
  text: z.string().nullable(),
  pages: Origin.nullable(),
  bytes: z.instanceof(Uint8Array).nullable(),
})

export type FileToRead = { tenant: string; fileId: string; filename: string; contentHash: string; bytes: number }

/** `isOwn`: the text is stored under this very file. Neither text nor bytes: the file is read part by part. */
export type KnownFile = { parsed?: ParsedFile; isOwn: boolean; bytes?: Uint8Array }

/**
 * What is known of a file in one round trip: its parsed text, if it was parsed before, or that of another file of the tenant with the same bytes
 * and a name of the same kind; else the bytes of a file of one part.
 */
export async function findFileText(database: Database, file: FileToRead): Promise<KnownFile> {
  const { tenant, fileId, contentHash } = file
  const { rows } = await sql`
    select t.file_id as owner, t.text, t.pages, part.bytes from (values (1)) as once left join lateral (
      select t.file_id, t.text, t.pages from file_texts t join files f on f.id = t.file_id
      where f.tenant = ${tenant} and f.content_hash = ${contentHash}
        and (t.file_id = ${fileId} or t.pages ->> 'kind' in ('pdf', ${textKindOf(file.filename) ?? 'pdf'}))
      order by (t.file_id = ${fileId}) desc limit 1
    ) t on true
    left join file_parts part on part.file_id = ${fileId} and part.n = 0 and t.file_id is null and ${file.bytes <= partBytesMax}
  `.execute(database.db)
  const { owner, text, pages, bytes } = Row.parse(rows[0])
  const isOwn = owner === fileId
  if (text === null || pages === null) return bytes === null ? { isOwn } : { isOwn, bytes }
  return { isOwn, parsed: { text, kind: pages.kind, ...(pages.starts === undefined ? {} : { pages: pages.starts }) } }
}
