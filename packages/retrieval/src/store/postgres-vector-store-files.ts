import { Attributes, ChunkingStrategy, WeftError } from '@weft/contracts'
import { type Database, sql, storableJson } from '@weft/database'
import { z } from 'zod'
import {
  type InStoreFile,
  type VectorStoreFile,
  type VectorStoreFileMethods,
  vectorStoreFileStatuses,
} from './knowledge-types.ts'
import { readPieces } from './postgres-file-texts.ts'
import { fileNotFound } from './postgres-files.ts'
import { signOfChange } from './postgres-knowledge-version.ts'
import { readPage } from './postgres-page.ts'
import { isStoreExpired, storeExpired } from './postgres-expiry.ts'
import { storeNotFound } from './postgres-vector-stores.ts'

/** Files within vector stores. */
export function createVectorStoreFileMethods(database: Database): VectorStoreFileMethods {
  const { db } = database
  const read = async (where: InStoreFile): Promise<VectorStoreFile> => {
    const { rows } = await sql`select ${columns} from ${joined} where ${isFile(where)}`.execute(db)
    if (rows.length === 0) throw notInStore(where)
    return vectorStoreFile(rows[0])
  }
  return {
    async addFile({ attributes, chunkingStrategy, ...where }) {
      const [file] = await putFiles(database, where, [{ fileId: where.fileId, attributes, chunkingStrategy }])
      if (file === undefined) throw notInStore(where)
      return file
    },
    getVectorStoreFile: read,
    async listVectorStoreFiles({ tenant, vectorStoreId, filter, batchId, ...request }) {
      await checkStore(database, tenant, vectorStoreId)
      const conditions = [
        ...(filter === undefined ? [] : [sql`${shownStatus} = ${filter}`]),
        ...(batchId === undefined ? [] : [sql`f.batch_id = ${batchId}`]),
      ]
      const list = {
        select: columns,
        from: joined,
        scope: sql`f.tenant = ${tenant} and f.vector_store_id = ${vectorStoreId}`,
        place: { tenant, list: vectorStoreId },
        createdAt: sql`f.created_at`,
        id: sql`f.file_id`,
        rowOf: vectorStoreFile,
        limitMax: storeFilesPageMax,
        ...(conditions.length === 0 ? {} : { where: sql.join(conditions, sql` and `) }),
      }
      return readPage(database, list, request)
    },
    async updateAttributes({ attributes, ...where }) {
      await setAttributes(database, where, storableJson(attributes))
      return read(where)
    },
    removeFile: (where) => removeFile(database, where),
    readText: (where) => readText(database, where),
  }
}

/** Long, because `weft ingest` reads all files of a store to compare a folder with it. */
const storeFilesPageMax = 1_000

const joined = sql`vector_store_files f join files on files.id = f.file_id`
/** The status that is shown: a file that only waits for its vectors is in progress, too. */
const shownStatus = sql`(case f.status when 'embedding' then 'in_progress' else f.status end)`
const columns = sql`f.file_id, f.vector_store_id, files.filename, ${shownStatus} as status, f.last_error, f.attributes, f.chunking_strategy, f.usage_bytes, f.created_at`

export function isFile({ tenant, vectorStoreId, fileId }: InStoreFile) {
  return sql`f.tenant = ${tenant} and f.vector_store_id = ${vectorStoreId} and f.file_id = ${fileId}`
}

const Row = z.object({
  file_id: z.string(),
  vector_store_id: z.string(),
  filename: z.string(),
  status: z.enum(vectorStoreFileStatuses),
  last_error: z.object({ code: z.enum(['server_error', 'unsupported_file', 'invalid_file']), message: z.string() }).nullable(),
  attributes: Attributes,
  chunking_strategy: ChunkingStrategy,
  usage_bytes: z.coerce.number(),
  created_at: z.date(),
})

function vectorStoreFile(row: unknown): VectorStoreFile {
  const parsed = Row.parse(row)
  return {
    fileId: parsed.file_id,
    vectorStoreId: parsed.vector_store_id,
    filename: parsed.filename,
    status: parsed.status,
    lastError: parsed.last_error,
    attributes: parsed.attributes,
    chunkingStrategy: parsed.chunking_strategy,
    usageBytes: parsed.usage_bytes,
    createdAt: parsed.created_at,
  }
}

function notInStore({ vectorStoreId, fileId }: InStoreFile): WeftError {
  return new WeftError('not_found', `There is no file '${fileId}' in the vector store '${vectorStoreId}'.`, { param: 'file_id' })
}

async function checkStore(database: Database, tenant: string, vectorStoreId: string): Promise<{ isExpired: boolean }> {
  const { rows } = await sql`
    select ${isStoreExpired} as "isExpired" from vector_stores s where tenant = ${tenant} and id = ${vectorStoreId}
  `.execute(database.db)
  if (rows.length === 0) throw storeNotFound(vectorStoreId)
  return StoreState.parse(rows[0])
}

const StoreState = z.object({ isExpired: z.boolean() })

export type FileToAdd = { fileId: string; attributes?: Attributes | undefined; chunkingStrategy?: ChunkingStrategy | undefined }

/**
 * Adds files in one statement, all or none. Files that are already there are indexed again. `batchId` names a batch that is made with them. Throws `not_found` for a
 * store, or for the first file, that is not the tenant's, and `gone` for an expired store. `offset 0` keeps the planner from reading all files for a few.
 */
export async function putFiles(
  database: Database,
  store: { tenant: string; vectorStoreId: string; batchId?: string },
  files: FileToAdd[],
): Promise<VectorStoreFile[]> {
  const { tenant, vectorStoreId, batchId = null } = store
  const unique = [...new Map(files.map((file) => [file.fileId, file])).values()]
  const list = unique.map(({ fileId, attributes = {}, chunkingStrategy = { type: 'auto' as const } }) => ({
    fileId,
    attributes,
    chunkingStrategy,
  }))
  const { rows } = await sql`
    with given as (
      select * from jsonb_to_recordset(${storableJson(list)}::jsonb) as given("fileId" text, attributes jsonb, "chunkingStrategy" jsonb)
    ), owned as (
      select given.* from given, lateral (select 1 from files where id = given."fileId" and tenant = ${tenant} offset 0) as file
    ), store as (
      update vector_stores s set last_active_at = now()
      where tenant = ${tenant} and id = ${vectorStoreId} and not ${isStoreExpired} and (select count(*) from owned) = ${list.length}
      returning id
    ), batch as (
      insert into file_batches (id, vector_store_id, tenant) select ${batchId}, id, ${tenant} from store where ${batchId}::text is not null
    ), added as (
      insert into vector_store_files (vector_store_id, file_id, tenant, attributes, chunking_strategy, batch_id)
      select store.id, owned."fileId", ${tenant}, owned.attributes, owned."chunkingStrategy", ${batchId} from store, owned
      on conflict (vector_store_id, file_id) do update set status = 'in_progress', last_error = null, attempts = 0,
        attributes = excluded.attributes, chunking_strategy = excluded.chunking_strategy, batch_id = excluded.batch_id,
        updated_at = greatest(now(), vector_store_files.updated_at + interval '1 microsecond')
      returning *
    )
    select ${columns} from added f, lateral (select filename from files where id = f.file_id offset 0) as files
  `.execute(database.db)
  if (rows.length === list.length) return rows.map(vectorStoreFile)
  if ((await checkStore(database, tenant, vectorStoreId)).isExpired) throw storeExpired(vectorStoreId)
  const { rows: known } =
    await sql`select id from files where tenant = ${tenant} and id = any(${list.map(({ fileId }) => fileId)})`.execute(
      database.db,
    )
  const ids = new Set(known.map((row) => z.object({ id: z.string() }).parse(row).id))
  throw fileNotFound(list.find(({ fileId }) => !ids.has(fileId))?.fileId ?? '')
}

async function setAttributes(database: Database, where: InStoreFile, attributes: string): Promise<void> {
  await sql`
    with file as (
      update vector_store_files f set attributes = ${attributes}::jsonb, updated_at = ${signOfChange}
      where ${isFile(where)} and f.attributes <> ${attributes}::jsonb returning f.file_id
    )
    update chunks set attributes = ${attributes}::jsonb where vector_store_id = ${where.vectorStoreId} and file_id in (select file_id from file)
  `.execute(database.db)
}

/** Deletes the row first, which waits for an indexing statement under way, and then, in a second statement, the chunks that it may have added. */
async function removeFile(database: Database, where: InStoreFile): Promise<boolean> {
  const { rows } = await sql`delete from vector_store_files f where ${isFile(where)} returning f.file_id`.execute(database.db)
  if (rows.length === 0) return false
  await sql`
    delete from chunks where vector_store_id = ${where.vectorStoreId} and file_id = ${where.fileId} and tenant = ${where.tenant}
  `.execute(database.db)
  return true
}

const TextRow = z.object({ filename: z.string(), attributes: Attributes, text: z.string().nullable() })

async function readText(
  database: Database,
  where: InStoreFile,
): Promise<{ filename: string; attributes: Attributes; text: string }> {
  const { rows } = await sql`
    select files.filename, f.attributes, t.text from ${joined} left join file_texts t on t.file_id = f.file_id where ${isFile(where)}
  `.execute(database.db)
  if (rows.length === 0) throw notInStore(where)
  const { filename, attributes, text } = TextRow.parse(rows[0])
  if (text === null)
    throw new WeftError('conflict', `The file '${where.fileId}' is not indexed yet: its status says why.`, { param: 'file_id' })
  if (text !== '') return { filename, attributes, text }
  const pieces: string[] = []
  for await (const piece of readPieces(database, where.fileId)) pieces.push(piece)
  return { filename, attributes, text: pieces.join('') }
}
