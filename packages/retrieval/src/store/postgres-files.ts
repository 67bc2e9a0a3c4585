import { createHash } from 'node:crypto'
import { knowledgeLimits, newId, WeftError } from '@weft/contracts'
import { type Database, isDuplicate, sql, storableText } from '@weft/database'
import { z } from 'zod'
import { groupCalls } from './group-calls.ts'
import type { FileMethods, StoredFile } from './knowledge-types.ts'
import { deleteStoredFile } from './postgres-expiry.ts'
import { signOfChange } from './postgres-knowledge-version.ts'
import { readPage } from './postgres-page.ts'

/** Files and their bytes. */
export function createFileMethods(database: Database): FileMethods {
  const { db } = database
  const storeSmall = groupCalls((files: SmallFile[]) => insertSmallFiles(database, files), {
    itemsMax: 64,
    weightMax: 1_048_576,
    weightOf: ({ content }) => content.length,
    isShared: (thrown) => thrown instanceof WeftError,
  })
  return {
    createFile: (input) => storeFile(database, storeSmall, input),
    async renameFile({ tenant, fileId, filename }) {
      const { rows } = await sql`
        with renamed as (
          update files set filename = ${storableText(filename)} where tenant = ${tenant} and id = ${fileId} returning *
        ), told as (
          update vector_store_files f set updated_at = ${signOfChange} from renamed where f.file_id = renamed.id
        )
        select ${columns} from renamed
      `.execute(db)
      return found(rows, fileId)
    },
    async getFile({ tenant, fileId }) {
      const { rows } = await sql`select ${columns} from files where tenant = ${tenant} and id = ${fileId}`.execute(db)
      return found(rows, fileId)
    },
    listFiles({ tenant, purpose, ...request }) {
      const list = {
        select: columns,
        from: sql`files`,
        scope: sql`tenant = ${tenant}`,
        place: { tenant, list: 'files' },
        createdAt: sql`created_at`,
        id: sql`id`,
        rowOf: storedFile,
        ...(purpose === undefined ? {} : { where: sql`purpose = ${purpose}` }),
      }
      return readPage(database, list, request)
    },
    deleteFile: ({ tenant, fileId }) => deleteStoredFile(database, { tenant, id: fileId }),
    readContent: (input) => readParts(database, input),
    async findFilesByHash({ tenant, contentHashes }) {
      const { rows } = await sql`
        select ${columns} from files where tenant = ${tenant} and content_hash = any(${contentHashes}) order by created_at, id
      `.execute(db)
      return rows.map(storedFile)
    },
  }
}

/** Deletes what interrupted uploads have left. */
export async function deleteAbandonedUploads(database: Database): Promise<void> {
  await sql`delete from files where tenant = ${uploading} and created_at < now() - interval '1 hour'`.execute(database.db)
}

/** The tenant of a file whose last byte has not arrived yet. Names of tenants have no dot, so such a file belongs to nobody. */
const uploading = '.uploading'

const columns = sql`id, filename, bytes, purpose, content_hash, created_at, expires_at`

const Row = z.object({
  id: z.string(),
  filename: z.string(),
  bytes: z.coerce.number(),
  purpose: z.string(),
  content_hash: z.string(),
  created_at: z.date(),
  expires_at: z.date().nullable(),
})

function storedFile(row: unknown): StoredFile {
  const { content_hash: contentHash, created_at: createdAt, expires_at: expiresAt, ...file } = Row.parse(row)
  return { ...file, contentHash, createdAt, expiresAt }
}

function found(rows: unknown[], fileId: string): StoredFile {
  if (rows.length === 0) throw fileNotFound(fileId)
  return storedFile(rows[0])
}

export function fileNotFound(fileId: string): WeftError {
  return new WeftError('not_found', `There is no file '${fileId}'.`, { param: 'file_id' })
}

/** The size of the parts in which a file is stored. */
export const partBytesMax = 1_048_576

/** Files up to this size are stored together when they arrive together. */
const smallBytesMax = 65_536

async function storeFile(
  database: Database,
  storeSmall: (file: SmallFile) => Promise<StoredFile | null>,
  input: Parameters<FileMethods['createFile']>[0],
): Promise<StoredFile> {
  const { tenant, content, signal, purpose = 'assistants', uploadKey = null } = input
  const fileId = newId('file')
  const filename = storableText(input.filename)
  const hash = createHash('sha256')
  let bytes = 0
  let parts = 0
  const write = async (part: Uint8Array): Promise<void> => {
    if (parts === 0) await sql`insert into files ${emptyFile(fileId, filename)}`.execute(database.db)
    await sql`insert into file_parts (file_id, n, bytes) values (${fileId}, ${parts}, ${part})`.execute(database.db)
    parts++
  }
  try {
    let last: Uint8Array = new Uint8Array()
    for await (const part of inParts(content)) {
      signal?.throwIfAborted()
      bytes += part.length
      if (bytes > knowledgeLimits.fileBytesMax) throw tooLarge()
      hash.update(part)
      if (last.length > 0) await write(last)
      last = part
    }
    signal?.throwIfAborted()
    const asked = typeof purpose === 'function' ? purpose() : purpose
    const expiresAfterS = input.expiresAfterS?.() ?? null
    const file = { tenant, fileId, filename, bytes, purpose: asked, contentHash: hash.digest('hex'), uploadKey, expiresAfterS }
    const isSmall = bytes <= smallBytesMax
    const added = isSmall ? storeSmall({ ...file, content: last }) : finish(database, file, { n: parts, bytes: last })
    const stored = (await added) ?? (await findUploaded(database, file))
    if (stored.contentHash !== file.contentHash) throw usedForOther()
    if (stored.id !== fileId && parts > 0) await deleteParts()
    return stored
  } catch (thrown) {
    if (parts > 0) await deleteParts().catch(() => undefined)
    throw thrown
  }

  async function deleteParts(): Promise<void> {
    await sql`delete from files where id = ${fileId}`.execute(database.db)
  }
}

function emptyFile(fileId: string, filename: string) {
  return sql`(id, tenant, filename, bytes, purpose, content_hash) values (${fileId}, ${uploading}, ${filename}, 0, '', '')`
}

type Finished = {
  tenant: string
  fileId: string
  filename: string
  bytes: number
  purpose: string
  contentHash: string
  uploadKey: string | null
  expiresAfterS: number | null
}

/**
 * Writes the last part and the file's own row in one statement, so that a file is there whole or not at all. Null when there is already a file of the same
 * upload key.
 */
async function finish({ db }: Database, file: Finished, last: { n: number; bytes: Uint8Array }): Promise<StoredFile | null> {
  const { tenant, fileId, filename, bytes, purpose, contentHash, uploadKey, expiresAfterS } = file
  const insert = sql`
    with file as (
      insert into files (id, tenant, filename, bytes, purpose, content_hash, upload_key, expires_at)
      select ${fileId}, ${tenant}, ${filename}, ${bytes}::bigint, ${storableText(purpose)}, ${contentHash}, ${uploadKey}::text,
        now() + make_interval(secs => ${expiresAfterS}::int)
      where not exists (select 1 from files where tenant = ${tenant} and upload_key = ${uploadKey})
      on conflict (id) do update set tenant = excluded.tenant, bytes = excluded.bytes, purpose = excluded.purpose,
        content_hash = excluded.content_hash, upload_key = excluded.upload_key,
        expires_at = excluded.expires_at
      returning ${columns}
    ), part as (
      insert into file_parts (file_id, n, bytes) select id, ${last.n}::int, ${last.bytes}::bytea from file
    )
    select * from file
  `
  try {
    const { rows } = await insert.execute(db)
    return rows.length > 0 ? storedFile(rows[0]) : null
  } catch (cause) {
    if (uploadKey !== null && isDuplicate(cause)) return null
    throw cause
  }
}

/** The file that was uploaded with this key before. */
async function findUploaded({ db }: Database, { tenant, uploadKey }: Finished): Promise<StoredFile> {
  const { rows } = await sql`select ${columns} from files where tenant = ${tenant} and upload_key = ${uploadKey}`.execute(db)
  if (rows.length > 0) return storedFile(rows[0])
  throw new WeftError('conflict', 'The file that was sent under this Idempotency-Key was just deleted: send it again.', {
    isRetryable: true,
  })
}

type SmallFile = Finished & { content: Uint8Array }

/** Stores several files of one part each in one statement. Answers them in their order, with null for one whose upload key was used before. */
async function insertSmallFiles({ db }: Database, files: SmallFile[]): Promise<(StoredFile | null)[]> {
  const given = files.map(({ content, purpose, ...file }) => {
    return { ...file, purpose: storableText(purpose), content: Buffer.from(content).toString('base64') }
  })
  const { rows } = await sql`
    with given as materialized (
      select * from jsonb_to_recordset(${JSON.stringify(given)}::jsonb) as given("fileId" text, tenant text, filename text, bytes bigint,
        purpose text, "contentHash" text, "uploadKey" text, "expiresAfterS" int, content text)
    ), file as (
      insert into files (id, tenant, filename, bytes, purpose, content_hash, upload_key, expires_at)
      select "fileId", tenant, filename, bytes, purpose, "contentHash", "uploadKey", now() + make_interval(secs => "expiresAfterS") from given
      on conflict (tenant, upload_key) where upload_key is not null do nothing returning ${columns}
    ), part as (
      insert into file_parts (file_id, n, bytes) select id, 0, decode(content, 'base64') from given join file on file.id = given."fileId"
    )
    select * from file
  `.execute(db)
  const byId = new Map(rows.map(storedFile).map((file) => [file.id, file]))
  return files.map(({ fileId }) => byId.get(fileId) ?? null)
}

async function* inParts(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = []
  let bytes = 0
  for await (let piece of content) {
    while (bytes + piece.length >= partBytesMax) {
      const room = partBytesMax - bytes
      yield Buffer.concat([...held, piece.subarray(0, room)])
      piece = piece.subarray(room)
      held = []
      bytes = 0
    }
    if (piece.length > 0) held.push(piece)
    bytes += piece.length
  }
  if (bytes > 0) yield Buffer.concat(held)
}

const PartRow = z.object({ bytes: z.instanceof(Uint8Array) })

async function* readParts(
  database: Database,
  { tenant, fileId }: { tenant: string; fileId: string },
): AsyncGenerator<Uint8Array> {
  const { rows } = await sql`select 1 from files where tenant = ${tenant} and id = ${fileId}`.execute(database.db)
  if (rows.length === 0) throw fileNotFound(fileId)
  for (let n = 0; ; n++) {
    const { rows } = await sql`select bytes from file_parts where file_id = ${fileId} and n = ${n}`.execute(database.db)
    const [row] = rows
    if (row === undefined) return
    yield PartRow.parse(row).bytes
  }
}

function usedForOther(): WeftError {
  return new WeftError('conflict', 'This Idempotency-Key was used for another file: use a new one.', { param: 'Idempotency-Key' })
}

function tooLarge(): WeftError {
  const mib = knowledgeLimits.fileBytesMax / 1_048_576
  return new WeftError('payload_too_large', `The file is larger than ${mib} MiB. Split it and add the parts.`, { param: 'file' })
}
