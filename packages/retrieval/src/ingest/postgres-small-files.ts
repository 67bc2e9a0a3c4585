import { type Database, sql, storableJson } from '@weft/database'
import { z } from 'zod'
import { queueEmbeddings, statusWhenIndexed } from '../embed/postgres-embedding-queue.ts'
import { IngestionJob } from '../search/search-types.ts'
import { textRow } from '../store/postgres-file-texts.ts'
import { laterTime } from '../store/postgres-knowledge-version.ts'
import type { ReadFile } from './read-file.ts'
import { type ClaimedJob, ClaimRow, chunkRow, claimColumns } from './postgres-ingestion-jobs.ts'

const Row = IngestionJob.extend(ClaimRow.shape)

/**
 * Claims, in one statement, those of the jobs that are small texts and were not tried before. Files that were tried before are indexed one by one, because they may
 * have ended their worker, and must not do so to others.
 */
export async function claimSmallFiles(database: Database, jobs: IngestionJob[], bytesMax: number): Promise<ClaimedJob[]> {
  const { rows } = await sql`
    update vector_store_files f set attempts = 1, updated_at = ${laterTime}
    from (
      select distinct * from jsonb_to_recordset(${JSON.stringify(jobs)}::jsonb) as given(tenant text, "vectorStoreId" text, "fileId" text)
    ) as given, lateral (select * from files where id = given."fileId" offset 0) as files
    where f.tenant = given.tenant and f.vector_store_id = given."vectorStoreId" and f.file_id = given."fileId"
      and f.status = 'in_progress' and f.attempts = 0 and files.bytes <= ${bytesMax} and files.filename !~* '\\.(pdf|png|jpe?g|gif|webp)$'
    returning f.tenant, f.vector_store_id as "vectorStoreId", f.file_id as "fileId", ${claimColumns}
  `.execute(database.db)
  return rows.map((row) => Row.parse(row))
}

/** A small file that is to be written. `isKept`: its text is already stored. */
export type WholeFile = { job: ClaimedJob; file: ReadFile; isKept: boolean }

const Written = z.object({ vectorStoreId: z.string(), fileId: z.string() })

/**
 * Writes the texts and all chunks of several files, and completes their jobs, in one statement: all of them or, when it throws, none. Answers the jobs that were
 * written, without those that are no longer this worker's.
 */
export async function writeWholeFiles(
  database: Database,
  files: WholeFile[],
  { awaitsVectors = false }: { awaitsVectors?: boolean } = {},
): Promise<ClaimedJob[]> {
  const given = files.map(({ job: { tenant, vectorStoreId, fileId, token }, file, isKept }) => {
    const usage = Buffer.byteLength(file.text)
    return {
      tenant,
      store: vectorStoreId,
      file: fileId,
      token,
      usage,
      total: file.chunks.length,
      ...(isKept ? {} : textRow(file)),
    }
  })
  const chunks = files.flatMap(({ job, file }) =>
    file.chunks.map((chunk) => ({ store: job.vectorStoreId, file: job.fileId, ...chunkRow(chunk, job.filename) })),
  )
  const { rows } = await sql`
    with given as materialized (
      select * from jsonb_to_recordset(${JSON.stringify(given)}::jsonb) as given(tenant text, store text, file text, token timestamptz,
        usage bigint, total int, text text, hash text, origin text)
    ), job as (
      update vector_store_files f set status = ${statusWhenIndexed(awaitsVectors)}, last_error = null, usage_bytes = given.usage, updated_at = ${laterTime}
      from given where f.tenant = given.tenant and f.vector_store_id = given.store and f.file_id = given.file
        and f.status = 'in_progress' and f.updated_at = given.token
      returning f.tenant, f.vector_store_id as store, f.file_id as file, f.attributes, given.total, given.text, given.hash, given.origin
    ), added as (
      insert into chunks (tenant, vector_store_id, file_id, n, start_offset, end_offset, page, heading, title, text, identifiers, header, attributes)
      select job.tenant, job.store, job.file, n, "from", "to", page, heading, title, row.text, identifiers, header, job.attributes
      from jsonb_to_recordset(${storableJson(chunks)}::jsonb)
        as row(store text, file text, n int, "from" int, "to" int, page int, heading text, title text, text text, identifiers text, header text) join job using (store, file)
      on conflict (vector_store_id, file_id, n) do update set start_offset = excluded.start_offset, end_offset = excluded.end_offset,
        page = excluded.page, heading = excluded.heading, title = excluded.title, text = excluded.text,
        identifiers = excluded.identifiers, header = excluded.header, attributes = excluded.attributes
      returning id, vector_store_id, file_id
    ), ${queueEmbeddings}, gone as (
      delete from chunks c using job where c.vector_store_id = job.store and c.file_id = job.file and c.n >= job.total
    ), kept as (
      insert into file_texts (file_id, text, text_hash, pages)
      select distinct on (file) file, text, hash, origin::jsonb from job where hash is not null on conflict (file_id) do nothing
    )
    select store as "vectorStoreId", file as "fileId" from job
  `.execute(database.db)
  const written = new Set(rows.map((row) => Written.parse(row)).map(({ vectorStoreId, fileId }) => `${vectorStoreId}/${fileId}`))
  return files.map(({ job }) => job).filter(({ vectorStoreId, fileId }) => written.has(`${vectorStoreId}/${fileId}`))
}
