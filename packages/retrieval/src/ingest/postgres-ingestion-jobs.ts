import { ChunkingStrategy } from '@weft/contracts'
import { type Database, type RawBuilder, sql, storableJson } from '@weft/database'
import { z } from 'zod'
import type { Chunk } from '../chunk/chunk-text.ts'
import { queueEmbeddings, statusWhenIndexed } from '../embed/postgres-embedding-queue.ts'
import { baseName } from '../parse/file-kind.ts'
import type { ParsedFile } from '../parse/parse-file.ts'
import { IngestionJob } from '../search/search-types.ts'
import type { IngestError } from '../store/knowledge-types.ts'
import { textRow } from '../store/postgres-file-texts.ts'
import { laterTime } from '../store/postgres-knowledge-version.ts'
import { isFile } from '../store/postgres-vector-store-files.ts'
import { unspacedPairs } from '../text/unspaced-pairs.ts'
import { wordsInside } from '../text/words-inside.ts'

/**
 * A job that a worker has claimed. `token` is the time of the worker's last sign of life. Each of its writes renews the token, and only succeeds while the token is
 * still its own, so a worker that was thought dead, or whose file was added again, can no longer change anything.
 */
export type ClaimedJob = IngestionJob & {
  token: string
  attempt: number
  filename: string
  contentHash: string
  bytes: number
  chunking: ChunkingStrategy
}

/** How many letters of chunks one statement writes. Indexing takes PGlite .4 s a megabyte, during which it serves nobody else. */
export const statementLettersMax = 131_072

/** After this long without a sign of life, three missed heartbeats, another worker may claim the job. */
const leaseSeconds = 15
export const heartbeatMs = 5_000

// A sign of life from the future was given before the clock was set back, and does not count. If that worker still lives, its token no longer lets it write.
const isFree = sql`(f.attempts = 0 or f.updated_at not between now() - make_interval(secs => ${leaseSeconds}) and now() + make_interval(secs => ${leaseSeconds}))`

/** When more tenants than this wait, fewer than `limit` files of each are looked at. */
const tenantsLookedAtWhole = 20

/**
 * Jobs that nobody works on: the oldest of each tenant in turn, so that one tenant with thousands of files does not keep out the others. Read from the index alone,
 * however many files wait.
 */
export async function listIngestionJobs(database: Database, limit: number): Promise<IngestionJob[]> {
  const { rows } = await sql`
    with recursive waiting as (
      select ${nextTenant(sql`''`)} as tenant
      union all
      select ${nextTenant(sql`waiting.tenant`)} from waiting where tenant is not null
    ), place as (
      select tenant, least(${limit}::int, ${limit * tenantsLookedAtWhole}::int / count(*) over () + 1) as share from waiting where tenant is not null
    )
    select f.tenant, f.vector_store_id as "vectorStoreId", f.file_id as "fileId" from place, lateral (
      select *, row_number() over (order by created_at) as nth from (
        select f.* from vector_store_files f where f.status = 'in_progress' and f.tenant = place.tenant and ${isFree}
        order by f.created_at limit place.share
      ) oldest
    ) f order by nth, created_at limit ${limit}
  `.execute(database.db)
  return rows.map((row) => IngestionJob.parse(row))
}

function nextTenant(after: RawBuilder<unknown>) {
  return sql`(select min(f.tenant) from vector_store_files f where f.status = 'in_progress' and f.tenant > ${after})`
}

/** The columns that a claim answers besides the job itself, in a statement whose tables are named `f` and `files`. */
export const claimColumns = sql`f.updated_at::text as token, f.attempts as attempt, files.filename, files.content_hash as "contentHash",
  files.bytes, f.chunking_strategy as chunking`

export const ClaimRow = z.object({
  token: z.string(),
  attempt: z.int(),
  filename: z.string(),
  contentHash: z.string(),
  bytes: z.coerce.number(),
  chunking: ChunkingStrategy,
})

/** Claims a job; undefined when it is done, removed, or claimed by another worker. */
export async function claimJob(database: Database, job: IngestionJob): Promise<ClaimedJob | undefined> {
  const { rows } = await sql`
    update vector_store_files f set attempts = f.attempts + 1, updated_at = ${laterTime} from files
    where files.id = f.file_id and ${isFile(job)} and f.status = 'in_progress' and ${isFree}
    returning ${claimColumns}
  `.execute(database.db)
  return rows.length === 0 ? undefined : { ...job, ...ClaimRow.parse(rows[0]) }
}

/** Gives a sign of life. Answers false when the job is no longer this worker's. */
export async function renewClaim(database: Database, job: ClaimedJob): Promise<boolean> {
  const { rows } = await sql`
    update vector_store_files f set updated_at = ${laterTime} where ${isHeld(job)} returning f.updated_at::text as token
  `.execute(database.db)
  return takeToken(job, rows)
}

/** Puts a job back as if it had not been tried. */
export async function releaseJob(database: Database, job: ClaimedJob): Promise<void> {
  await sql`
    update vector_store_files f set attempts = greatest(0, f.attempts - 1), updated_at = now() - make_interval(secs => ${leaseSeconds}) where ${isHeld(job)}
  `.execute(database.db)
}

/** Ends a job that cannot succeed, and deletes chunks of earlier attempts. Answers false when the job is no longer this worker's. */
export async function failJob(database: Database, job: ClaimedJob, error: IngestError): Promise<boolean> {
  const lastError = storableJson(error)
  const { rows } = await sql`
    with job as (
      update vector_store_files f set status = 'failed', last_error = ${lastError}::jsonb, usage_bytes = 0, updated_at = ${laterTime}
      where ${isHeld(job)} returning f.updated_at::text as token
    ), gone as (
      delete from chunks where vector_store_id = ${job.vectorStoreId} and file_id = ${job.fileId} and exists (select 1 from job)
    )
    select token from job
  `.execute(database.db)
  return takeToken(job, rows)
}

/**
 * Some chunks of a file. `keep`: the parsed text, stored with the first batch when it is not stored yet. `total`: the number of the file's chunks up to this
 * batch.
 */
export type ChunkBatch = {
  chunks: Chunk[]
  total: number
  usageBytes: number
  isLast: boolean
  /** Whether the file is only complete with vectors although no model is active yet; default: no. */
  awaitsVectors?: boolean
  keep?: ParsedFile | undefined
  /** What did not work, although the file is complete. */
  warning?: IngestError | undefined
}

/**
 * Writes chunks in one statement, replacing those with the same numbers. The last batch also deletes chunks of an earlier, longer version, and completes the job.
 * Answers false, having written nothing, when the job is no longer this worker's.
 */
export async function writeChunks(database: Database, job: ClaimedJob, batch: ChunkBatch): Promise<boolean> {
  const { tenant, vectorStoreId, fileId } = job
  const warning = batch.warning === undefined ? null : storableJson(batch.warning)
  const done = batch.isLast
    ? sql`, status = ${statusWhenIndexed(batch.awaitsVectors === true)}, last_error = ${warning}::jsonb, usage_bytes = ${batch.usageBytes}`
    : sql``
  const tail = sql`, gone as (
    delete from chunks where vector_store_id = ${vectorStoreId} and file_id = ${fileId} and n >= ${batch.total} and exists (select 1 from job)
  )`
  const { rows } = await sql`
    with job as (
      update vector_store_files f set updated_at = ${laterTime} ${done} where ${isHeld(job)}
      returning f.updated_at::text as token, f.attributes
    ), added as (
      insert into chunks (tenant, vector_store_id, file_id, n, start_offset, end_offset, page, heading, title, text, identifiers, header, attributes)
      select ${tenant}, ${vectorStoreId}, ${fileId}, n, "from", "to", page, heading, title, text, identifiers, header, job.attributes
      from job, jsonb_to_recordset(${storableJson(batch.chunks.map((chunk) => chunkRow(chunk, job.filename)))}::jsonb)
        as row(n int, "from" int, "to" int, page int, heading text, title text, text text, identifiers text, header text)
      on conflict (vector_store_id, file_id, n) do update set start_offset = excluded.start_offset, end_offset = excluded.end_offset,
        page = excluded.page, heading = excluded.heading, title = excluded.title, text = excluded.text,
        identifiers = excluded.identifiers, header = excluded.header, attributes = excluded.attributes
      returning id, vector_store_id, file_id
    ), ${queueEmbeddings} ${batch.isLast ? tail : sql``} ${batch.keep === undefined ? sql`` : keepText(fileId, batch.keep)}
    select token from job
  `.execute(database.db)
  return takeToken(job, rows)
}

/** Stores the text of a file. A text that is already stored stays, because citations refer to it by their offsets. */
function keepText(fileId: string, file: ParsedFile) {
  const { text, hash, origin } = textRow(file)
  return sql`, kept as (
    insert into file_texts (file_id, text, text_hash, pages) select ${fileId}, ${text}, ${hash}, ${origin}::jsonb from job
    on conflict (file_id) do nothing
  )`
}

function isHeld(job: ClaimedJob) {
  return sql`${isFile(job)} and f.status = 'in_progress' and f.updated_at = ${job.token}::timestamptz`
}

function takeToken(job: ClaimedJob, rows: unknown[]): boolean {
  if (rows.length === 0) return false
  job.token = z.object({ token: z.string() }).parse(rows[0]).token
  return true
}

/** A chunk as the columns of the table. */
export function chunkRow({ ordinal, start, end, page, heading, text, header }: Chunk, filename: string) {
  const above = titleOf(filename, { heading, text })
  const title = header === undefined ? above : `${above}\n${header}`
  return {
    n: ordinal,
    from: start,
    to: end,
    page,
    heading: heading === '' ? undefined : heading,
    title,
    text,
    identifiers: `${wordsInside(text)} ${unspacedPairs(title)}`.trim(),
    header,
  }
}

/** What a chunk is also found by: the name of its file without the extension, and the headings above it that are not in its first line. */
function titleOf(filename: string, { heading, text }: { heading: string; text: string }): string {
  const stem = baseName(filename).replace(/\.[A-Za-z0-9]{1,8}$/, '')
  const above = heading.split(' > ').filter((each) => !firstLine(text).includes(each))
  return `${stem.replaceAll(/[-_.]+/g, ' ')} ${above.join(' > ')}`.trim().slice(0, 500)
}

function firstLine(text: string): string {
  return text.slice(0, 400).split('\n', 1)[0] ?? ''
}
