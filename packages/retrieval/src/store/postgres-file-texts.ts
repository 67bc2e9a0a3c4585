import { createHash } from 'node:crypto'
import { WeftError } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import { fileKinds, kindsOfName } from '../parse/file-kind.ts'
import type { ParsedFile } from '../parse/parse-file.ts'
import { partBytesMax } from './postgres-files.ts'

/** How a stored text came about; it lies beside the text in the column `pages`. */
const Origin = z.object({ kind: z.enum(fileKinds), starts: z.array(z.int()).optional() })

/** A parsed text as the columns of `file_texts`. */
export function textRow(file: ParsedFile): { text: string; hash: string; origin: string } {
  return { text: file.text, hash: createHash('sha256').update(file.text).digest('hex'), origin: originOf(file) }
}

/** A text that is too large for one statement: its pieces are UTF-8, and no character lies in two. */
export type TextInPieces = Pick<ParsedFile, 'kind'> & {
  pages?: number[] | undefined
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/**
 * Stores a large text piece by piece, kept beside the file's own parts under negative numbers, and joins them inside the database, so that no
 * statement holds others up for long. The hash tells whether all pieces were there: another worker may store the same text at the same time.
 */
export async function saveLargeText({ db }: Database, fileId: string, { pieces, ...file }: TextInPieces): Promise<void> {
  const hashing = createHash('sha256')
  let n = 0
  for await (const piece of pieces) {
    hashing.update(piece)
    n -= 1
    await sql`
      insert into file_parts (file_id, n, bytes) values (${fileId}, ${n}, ${piece}) on conflict (file_id, n) do update set bytes = excluded.bytes
    `.execute(db)
  }
  const hash = hashing.digest('hex')
  await sql`
    insert into file_texts (file_id, text, text_hash, pages)
    select ${fileId}, convert_from(joined.bytes, 'UTF8'), ${hash}, ${originOf(file)}::jsonb
    from (select string_agg(bytes, ''::bytea order by n desc) as bytes from file_parts where file_id = ${fileId} and n < 0) as joined
    where encode(sha256(joined.bytes), 'hex') = ${hash}
    on conflict (file_id) do nothing
  `.execute(db)
  await sql`delete from file_parts where file_id = ${fileId} and n < 0`.execute(db)
  const { rows } = await sql`select 1 from file_texts where file_id = ${fileId}`.execute(db)
  if (rows.length === 0) throw new WeftError('conflict', 'two workers stored the same text at once', { isRetryable: true })
}

/** The value of the column `pages` for a text. */
function originOf({ kind, pages }: Pick<TextInPieces, 'kind' | 'pages'>): string {
  const origin: z.infer<typeof Origin> = { kind, ...(pages === undefined ? {} : { starts: pages }) }
  return JSON.stringify(origin)
}

const Row = z.object({
  fileId: z.string(),
  owner: z.string().nullable(),
  text: z.string().nullable(),
  pages: Origin.nullable(),
  bytes: z.instanceof(Uint8Array).nullable(),
})

export type FileToRead = { tenant: string; fileId: string; filename: string; contentHash: string; bytes: number }

/** `isOwn`: the text is stored under this very file. Neither text nor bytes: the file is read part by part. */
export type KnownFile = { parsed?: ParsedFile; isOwn: boolean; bytes?: Uint8Array }

/**
 * What is known of files, by their ids, in one round trip: the parsed text, if it was parsed before, or that of another file of the tenant with
 * the same bytes and a name of the same kind; else the bytes of a file of one part.
 */
export async function findFileTexts(database: Database, files: FileToRead[]): Promise<Map<string, KnownFile>> {
  const wanted = files.map(({ tenant, fileId, filename, contentHash, bytes }) => {
    return { tenant, id: fileId, hash: contentHash, kinds: kindsOfName(filename), hasOnePart: bytes <= partBytesMax }
  })
  const { rows } = await sql`
    select given.id as "fileId", t.file_id as owner, t.text, t.pages, part.bytes
    from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as given(tenant text, id text, hash text, kinds jsonb, "hasOnePart" boolean)
    left join lateral (
      select t.file_id, t.text, t.pages from file_texts t join files f on f.id = t.file_id
      where f.tenant = given.tenant and f.content_hash = given.hash
        and (t.file_id = given.id or given.kinds ? (t.pages ->> 'kind'))
      order by (t.file_id = given.id) desc limit 1
    ) t on true
    left join lateral (
      select bytes from file_parts where file_id = given.id and n = 0 and t.file_id is null and given."hasOnePart" offset 0
    ) part on true
  `.execute(database.db)
  return new Map(rows.map((row) => Row.parse(row)).map((row) => [row.fileId, knownFile(row)]))
}

function knownFile({ fileId, owner, text, pages, bytes }: z.infer<typeof Row>): KnownFile {
  const isOwn = owner === fileId
  if (text === null || pages === null) return bytes === null ? { isOwn } : { isOwn, bytes }
  return { isOwn, parsed: { text, kind: pages.kind, ...(pages.starts === undefined ? {} : { pages: pages.starts }) } }
}
