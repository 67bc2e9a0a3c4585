import { createHash } from 'node:crypto'
import { WeftError } from '@weft/contracts'
import { type Database, type RawBuilder, sql, storableText } from '@weft/database'
import { z } from 'zod'
import { fileKinds, kindsOfName } from '../parse/file-kind.ts'
import { type ParsedFile, parsersVersion } from '../parse/parse-file.ts'
import { partBytesMax } from './postgres-files.ts'

/** How a stored text was made. It is in the column `pages`, beside the text. */
const Heading = z.object({ start: z.int(), level: z.int(), title: z.string() })
const Origin = z.object({
  kind: z.enum(fileKinds),
  starts: z.array(z.int()).optional(),
  headings: z.array(Heading).optional(),
  parsers: z.int().optional(),
})

/** A parsed text as the columns of `file_texts`. */
export function textRow(file: ParsedFile): { text: string; hash: string; origin: string } {
  return { text: file.text, hash: createHash('sha256').update(file.text).digest('hex'), origin: originOf(file) }
}

/** A text that is too large for one statement. Its pieces are UTF-8, cut between characters. */
export type TextInPieces = Pick<ParsedFile, 'kind'> & {
  pages?: number[] | undefined
  headings?: ParsedFile['headings'] | undefined
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

const Piece = z.object({ length: z.int() })

/**
 * Stores a large text piece by piece. As one value, the embedded database would keep it in memory more than three times, and reading a quote would read all of it. Its
 * row in `file_texts` is only inserted when all pieces are there, which a hash of their hashes shows, because another worker may store the same text at the same time.
 * A text that is already stored stays, because citations refer to it by their offsets.
 */
export async function saveLargeText({ db }: Database, fileId: string, { pieces, ...file }: TextInPieces): Promise<void> {
  const hash = createHash('sha256')
  const hashOfHashes = createHash('sha256')
  let n = 0
  let start = 0
  for await (const piece of pieces) {
    hash.update(piece)
    hashOfHashes.update(createHash('sha256').update(piece).digest())
    const { rows } = await sql`
      insert into file_text_pieces (file_id, n, start_offset, length, text)
      select ${fileId}, ${n}::int, ${start}::int, char_length(given.text), given.text from (select convert_from(${piece}::bytea, 'UTF8') as text) as given
      where not exists (select 1 from file_texts where file_id = ${fileId})
      on conflict (file_id, n) do update set start_offset = excluded.start_offset, length = excluded.length, text = excluded.text
      returning length
    `.execute(db)
    if (rows.length === 0) return
    start += Piece.parse(rows[0]).length
    n += 1
  }
  await sql`
    with surplus as (delete from file_text_pieces where file_id = ${fileId} and n >= ${n} and not exists (select 1 from file_texts where file_id = ${fileId}))
    insert into file_texts (file_id, text, text_hash, pages) select ${fileId}, '', ${hash.digest('hex')}, ${originOf(file)}::jsonb
    where ${hashOfHashes.digest('hex')} = (
      select encode(sha256(string_agg(sha256(convert_to(text, 'UTF8')), ''::bytea order by n)), 'hex') from file_text_pieces
      where file_id = ${fileId} and n < ${n}
    ) on conflict (file_id) do nothing
  `.execute(db)
  const { rows } = await sql`select 1 from file_texts where file_id = ${fileId}`.execute(db)
  if (rows.length === 0) throw new WeftError('conflict', 'two workers stored the same text at once', { isRetryable: true })
}

/** SQL for a part of a text, from a code point offset on, in the table `file_texts` named `t`. Of a text in pieces, only the pieces with this part are read. */
export function textBetween(from: RawBuilder<unknown>, length: RawBuilder<unknown>): RawBuilder<string> {
  return sql`(case when t.text <> '' then substr(t.text, ${from} + 1, ${length}) else coalesce((
    select string_agg(substr(p.text, greatest(${from} - p.start_offset, 0) + 1,
      least(p.start_offset + p.length, ${from} + ${length}) - greatest(p.start_offset, ${from})), '' order by p.n)
    from file_text_pieces p where p.file_id = t.file_id and p.start_offset < ${from} + ${length} and p.start_offset + p.length > ${from}
  ), '') end)`
}

/** The pieces of a text that is stored in pieces, in their order. */
export async function* readPieces({ db }: Pick<Database, 'db'>, fileId: string): AsyncGenerator<string> {
  for (let n = 0; ; n++) {
    const { rows } = await sql`select text from file_text_pieces where file_id = ${fileId} and n = ${n}`.execute(db)
    if (rows.length === 0) return
    yield z.object({ text: z.string() }).parse(rows[0]).text
  }
}

/** The value of the column `pages` for a text. */
function originOf({ kind, pages, headings }: Pick<TextInPieces, 'kind' | 'pages' | 'headings'>): string {
  const origin: z.infer<typeof Origin> = {
    kind,
    parsers: parsersVersion,
    ...(pages === undefined ? {} : { starts: pages }),
    ...(headings === undefined ? {} : { headings: headings.map((each) => ({ ...each, title: storableText(each.title) })) }),
  }
  return JSON.stringify(origin)
}

const Row = z.object({
  fileId: z.string(),
  owner: z.string().nullable(),
  text: z.string().nullable(),
  pages: Origin.nullable(),
  pieceBytes: z.coerce.number().nullable(),
  bytes: z.instanceof(Uint8Array).nullable(),
})

export type FileToRead = { tenant: string; fileId: string; filename: string; contentHash: string; bytes: number }

/**
 * What is known of a file. `isOwn`: its text is stored under this file itself. `parsed`: its text. `inPieces`: its text is stored in pieces, under the file `owner`.
 * `bytes`: its content, when the text is not known and the file is small. With none of these, the file has to be read part by part.
 */
export type KnownFile = {
  isOwn: boolean
  parsed?: ParsedFile
  inPieces?: Omit<ParsedFile, 'text'> & { owner: string; textBytes: number }
  bytes?: Uint8Array
}

/**
 * What is known of files, by their ids, in one query: the file's own text, or that of another file of the tenant with the same bytes and a name of the same kind, or
 * else the bytes of a file of one part. The text of another file must be from the present version of the parsers, unless it is that of an image, which a model read. A
 * file's own text is always used, because citations refer to it.
 */
export async function findFileTexts(database: Database, files: FileToRead[]): Promise<Map<string, KnownFile>> {
  const wanted = files.map(({ tenant, fileId, filename, contentHash, bytes }) => {
    return { tenant, id: fileId, hash: contentHash, kinds: kindsOfName(filename), hasOnePart: bytes <= partBytesMax }
  })
  const { rows } = await sql`
    select given.id as "fileId", t.file_id as owner, t.text, t.pages, part.bytes,
      case when t.text = '' then (select sum(octet_length(p.text)) from file_text_pieces p where p.file_id = t.file_id) end as "pieceBytes"
    from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as given(tenant text, id text, hash text, kinds jsonb, "hasOnePart" boolean)
    left join lateral (
      select t.file_id, t.text, t.pages from file_texts t join files f on f.id = t.file_id
      where f.tenant = given.tenant and f.content_hash = given.hash
        and (t.file_id = given.id or given.kinds ? (t.pages ->> 'kind')
          and (t.pages ->> 'kind' = 'image' or (t.pages ->> 'parsers')::int = ${parsersVersion}::int))
      order by (t.file_id = given.id) desc limit 1
    ) t on true
    left join lateral (
      select bytes from file_parts where file_id = given.id and n = 0 and t.file_id is null and given."hasOnePart" offset 0
    ) part on true
  `.execute(database.db)
  return new Map(rows.map((row) => Row.parse(row)).map((row) => [row.fileId, knownFile(row)]))
}

function knownFile({ fileId, owner, text, pages, pieceBytes, bytes }: z.infer<typeof Row>): KnownFile {
  const isOwn = owner === fileId
  if (owner === null || text === null || pages === null) return bytes === null ? { isOwn } : { isOwn, bytes }
  const { kind, starts, headings } = pages
  const origin = { kind, ...(starts === undefined ? {} : { pages: starts }), ...(headings === undefined ? {} : { headings }) }
  if (pieceBytes !== null) return { isOwn, inPieces: { ...origin, owner, textBytes: pieceBytes } }
  return { isOwn, parsed: { ...origin, text } }
}
