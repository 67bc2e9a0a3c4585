import { errorMessage, hasCode, WeftError } from '@weft/contracts'
import type { Database } from '@weft/database'
import { withSpan } from '@weft/telemetry'
import type { Chunk } from '../chunk/chunk-text.ts'
import { FileRefusal } from '../parse/file-refusal.ts'
import { checkFileSize } from '../parse/parse-file.ts'
import type { IngestionJob } from '../search/search-types.ts'
import type { IngestError } from '../store/knowledge-types.ts'
import { findFileTexts, type KnownFile, readPieces, saveLargeText } from '../store/postgres-file-texts.ts'
import { createFileMethods } from '../store/postgres-files.ts'
import { type FileReader, gather, type OpenedFile } from './file-reader.ts'
import { type HeaderWriter, headChunks } from './head-chunks.ts'
import { inPieces, type ReadJob, wholeLettersMax } from './read-file.ts'
import {
  type ClaimedJob,
  claimJob,
  failJob,
  heartbeatMs,
  releaseJob,
  renewClaim,
  statementLettersMax,
  writeChunks,
} from './postgres-ingestion-jobs.ts'

/**
 * What became of a file. `skipped`: there was nothing to do, another worker does it, or the file was removed meanwhile. `warning`: something did not work although
 * the file is complete; it is also in the file's `last_error`.
 */
export type IngestOutcome =
  | { status: 'completed'; chunks: number; warning?: IngestError }
  | { status: 'failed'; error: IngestError }
  | { status: 'skipped' }

/**
 * What ingestion needs. Without `headers`, chunks are found by their own text, their headings and their file's name. `awaitsVectors`: whether files are only complete
 * with vectors although no model is active yet; default: no. `onWritten` is called after chunks were written, which may now wait for vectors.
 */
export type IngestTools = {
  database: Database
  reader: FileReader
  headers?: HeaderWriter | undefined
  awaitsVectors?: () => boolean
  onWritten?: () => void
}

/**
 * Indexes one file of a vector store that is `in_progress`: reads it, or takes the text of an equal file, cuts it, and writes its chunks. A file that cannot be
 * indexed becomes `failed`, with OpenAI's `last_error`. May be called again at any time and from several workers: after a kill at any point, the next call completes
 * the job. Throws when trying again later may help, such as `dependency_unavailable`.
 */
export function ingestFile(tools: IngestTools, job: IngestionJob, signal?: AbortSignal): Promise<IngestOutcome> {
  const attributes = { 'weft.vector_store.id': job.vectorStoreId, 'weft.file.id': job.fileId }
  return withSpan('ingest file', { attributes }, async (span) => {
    const outcome = await ingest(tools, job, signal)
    span.setAttribute('weft.ingest.status', outcome.status)
    return outcome
  })
}

async function ingest(tools: IngestTools, job: IngestionJob, signal: AbortSignal | undefined): Promise<IngestOutcome> {
  signal?.throwIfAborted()
  const claimed = await claimJob(tools.database, job)
  if (claimed === undefined) return { status: 'skipped' }
  await using held = new AsyncDisposableStack()
  try {
    if (claimed.attempt > attemptsMax)
      throw new FileRefusal('too_slow', `Indexing the file was begun ${attemptsMax} times and never ended.`)
    const work = await whileClaimed(tools.database, claimed, async () => {
      held.defer(await tools.reader.enter(claimed.bytes))
      const work = await read(tools, claimed, signal)
      if (work.file.isLarge) held.defer(work.file.file.close)
      return head(tools, claimed, await keepLarge(tools, claimed, work))
    })
    return await writeAll(tools, claimed, work)
  } catch (thrown) {
    return await settle(tools.database, claimed, { thrown, isStopping: signal?.aborted === true })
  }
}

/** A file that was begun this often without an end is not tried again: it may be what ends its workers. */
const attemptsMax = 4

/** What is known of a file on its way into the index. `isKept`: its text is already stored. */
type Work = { file: OpenedFile; isKept: boolean; signal: AbortSignal | undefined; warning?: IngestError }

async function read({ database, reader, headers }: IngestTools, job: ClaimedJob, signal: AbortSignal | undefined): Promise<Work> {
  const known = (await findFileTexts(database, [job])).get(job.fileId) ?? { isOwn: false }
  checkFileSize(job.bytes)
  const opened = await reader.open(await whatToRead(database, job, known), signal)
  // The model that writes headers is shown all of a document.
  const isGathered = headers !== undefined && opened.isLarge
  return { file: isGathered ? { isLarge: false, file: await gather(opened.file) } : opened, isKept: known.isOwn, signal }
}

async function whatToRead(database: Database, job: ClaimedJob, known: KnownFile): Promise<ReadJob> {
  const { filename, chunking, tenant } = job
  if (known.parsed !== undefined) return { parsed: known.parsed, filename, chunking }
  if (known.inPieces === undefined)
    return { file: { filename, tenant, bytes: known.bytes ?? (await readBytes(database, job)) }, chunking }
  const { owner, textBytes, ...origin } = known.inPieces
  return { stored: { ...origin, utf8: await readText(database, owner, textBytes) }, filename, chunking }
}

/** Stores a text that is too large for the statement that writes the chunks. */
async function keepLarge({ database }: IngestTools, { fileId }: ClaimedJob, work: Work): Promise<Work> {
  const { isLarge, file } = work.file
  if (work.isKept || (!isLarge && file.text.length <= wholeLettersMax)) return work
  const { kind, pages, headings } = file
  await saveLargeText(database, fileId, { kind, pages, headings, pieces: isLarge ? file.text() : inPieces(file.text) })
  return { ...work, isKept: true }
}

async function head({ database, headers }: IngestTools, { tenant, fileId }: ClaimedJob, work: Work): Promise<Work> {
  if (headers === undefined || work.file.isLarge) return work
  const { file } = work.file
  const { chunks, ...rest } = await headChunks(
    { database, headers },
    { tenant, fileId, text: file.text, chunks: file.chunks },
    work.signal,
  )
  return { ...work, file: { isLarge: false, file: { ...file, chunks } }, ...rest }
}

async function readBytes(database: Database, job: ClaimedJob): Promise<Uint8Array> {
  const bytes = new Uint8Array(job.bytes)
  let at = 0
  for await (const part of createFileMethods(database).readContent(job)) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

async function readText(database: Database, fileId: string, textBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(textBytes)
  const encoder = new TextEncoder()
  let at = 0
  for await (const piece of readPieces(database, fileId)) at += encoder.encodeInto(piece, bytes.subarray(at)).written
  return bytes
}

/** Renews the claim on the job while `work` runs, which may take long. */
async function whileClaimed<T>(database: Database, job: ClaimedJob, work: () => Promise<T>): Promise<T> {
  let beat: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    beat = beat.then(() => renewClaim(database, job)).catch(() => undefined)
  }, heartbeatMs)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    await beat
  }
}

async function writeAll(
  { database, awaitsVectors, onWritten }: IngestTools,
  job: ClaimedJob,
  work: Work,
): Promise<IngestOutcome> {
  const { file: opened, isKept, signal, warning } = work
  const usageBytes = opened.isLarge ? opened.file.textBytes : Buffer.byteLength(opened.file.text)
  let written = 0
  for await (const { chunks, isLast } of batchesOf(opened)) {
    signal?.throwIfAborted()
    const keep = written === 0 && !isKept && !opened.isLarge ? opened.file : undefined
    written += chunks.length
    const whole = { total: written, usageBytes, awaitsVectors: awaitsVectors?.() === true, warning }
    if (!(await writeChunks(database, job, { ...whole, chunks, isLast, keep }))) return { status: 'skipped' }
    onWritten?.()
  }
  return { status: 'completed', chunks: written, ...(warning === undefined ? {} : { warning }) }
}

type Batch = { chunks: Chunk[]; isLast: boolean }

/** Divides chunks into batches of at least one; a text without chunks makes one batch without any. */
async function* batchesOf(opened: OpenedFile): AsyncGenerator<Batch> {
  let batch: Chunk[] = []
  let letters = 0
  for await (const chunks of opened.isLarge ? opened.file.chunks() : [opened.file.chunks]) {
    for (const chunk of chunks) {
      const size = chunk.text.length + (chunk.header?.length ?? 0)
      if (batch.length > 0 && letters + size > statementLettersMax) {
        yield { chunks: batch, isLast: false }
        batch = []
        letters = 0
      }
      batch.push(chunk)
      letters += size
    }
  }
  yield { chunks: batch, isLast: true }
}

/** Ends a job that threw. A refusal is final; everything else is left for another attempt, and the last attempt fails the file with what went wrong. */
async function settle(
  database: Database,
  job: ClaimedJob,
  end: { thrown: unknown; isStopping: boolean },
): Promise<IngestOutcome> {
  const { thrown, isStopping } = end
  if (isStopping) {
    await releaseJob(database, job)
    throw thrown
  }
  const error = errorOf(thrown, job)
  if (error === undefined) throw thrown
  return (await failJob(database, job, error)) ? { status: 'failed', error } : { status: 'skipped' }
}

function errorOf(thrown: unknown, job: ClaimedJob): IngestError | undefined {
  if (thrown instanceof FileRefusal) return { code: thrown.ingestCode, message: thrown.message }
  if (hasCode(thrown, 'not_found')) return { code: 'invalid_file', message: thrown.message }
  if (job.attempt < attemptsMax || (thrown instanceof WeftError && thrown.isRetryable)) return undefined
  const message = errorMessage(thrown)
  return { code: 'server_error', message: `The file could not be indexed: ${message}` }
}
