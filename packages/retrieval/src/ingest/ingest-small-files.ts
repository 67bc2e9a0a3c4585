import { WeftError } from '@weft/contracts'
import { withSpan } from '@weft/telemetry'
import { FileRefusal } from '../parse/file-refusal.ts'
import type { IngestionJob } from '../search/search-types.ts'
import { findFileTexts } from '../store/postgres-file-texts.ts'
import type { ReadFile } from './read-file.ts'
import type { IngestOutcome, IngestTools } from './ingest-file.ts'
import { type ClaimedJob, failJob, releaseJob, statementLettersMax } from './postgres-ingestion-jobs.ts'
import { claimSmallFiles, type WholeFile, writeWholeFiles } from './postgres-small-files.ts'

/** Files up to this size are read at once, and many are written by one statement. */
const smallBytesMax = 32_768

/**
 * Indexes the small files among the jobs, in a few statements for all of them, and answers what became of each. Jobs that are not in the answer are left to
 * {@link ingestFile}: large files and PDFs, files that were tried before, and those that could not be written together with others. Each file is indexed whole or
 * not at all, and one that fails stops no other. Throws when trying again later may help, such as `dependency_unavailable`.
 */
export function ingestSmallFiles(
  tools: IngestTools,
  jobs: IngestionJob[],
  signal?: AbortSignal,
): Promise<Map<IngestionJob, IngestOutcome>> {
  return withSpan('ingest small files', { attributes: { 'weft.ingest.files': jobs.length } }, async (span) => {
    const outcomes = await ingest(tools, jobs, signal)
    span.setAttribute('weft.ingest.settled', outcomes.size)
    return outcomes
  })
}

async function ingest(tools: IngestTools, jobs: IngestionJob[], signal: AbortSignal | undefined) {
  signal?.throwIfAborted()
  const { database } = tools
  const claimed = await claimSmallFiles(database, jobs, smallBytesMax)
  const settled = new Map<ClaimedJob, IngestOutcome>()
  try {
    const files = await readAll(tools, claimed, settled)
    for (const group of groupsOf(files)) {
      signal?.throwIfAborted()
      await writeGroup(tools, group, settled)
    }
  } finally {
    if (signal?.aborted === true) await releaseAll(tools, claimed, settled)
  }
  return outcomesOf(jobs, settled)
}

async function readAll(tools: IngestTools, claimed: ClaimedJob[], settled: Map<ClaimedJob, IngestOutcome>): Promise<WholeFile[]> {
  if (claimed.length === 0) return []
  const { database, reader } = tools
  const known = await findFileTexts(database, claimed)
  const files: WholeFile[] = []
  for (const job of claimed) {
    const { parsed, inPieces, bytes, isOwn } = known.get(job.fileId) ?? { isOwn: false }
    // A small file may unpack to a large text, and is then indexed by itself.
    if (inPieces !== undefined) {
      await releaseJob(database, job)
      continue
    }
    const what =
      parsed === undefined
        ? { file: { filename: job.filename, tenant: job.tenant, bytes: bytes ?? new Uint8Array() } }
        : { parsed, filename: job.filename }
    try {
      const file: ReadFile = await reader.read({ ...what, chunking: job.chunking })
      files.push({ job, file, isKept: isOwn })
    } catch (thrown) {
      if (!(thrown instanceof FileRefusal)) await releaseJob(database, job)
      else settled.set(job, await fail(tools, job, thrown))
    }
  }
  return files
}

async function fail({ database }: IngestTools, job: ClaimedJob, refusal: FileRefusal): Promise<IngestOutcome> {
  const error = { code: refusal.ingestCode, message: refusal.message }
  return (await failJob(database, job, error)) ? { status: 'failed', error } : { status: 'skipped' }
}

/** Divides files into groups that fit into one statement each, with at least one file. */
function* groupsOf(files: WholeFile[]): Generator<WholeFile[]> {
  let group: WholeFile[] = []
  let letters = 0
  for (const each of files) {
    const size = each.file.text.length
    if (group.length > 0 && letters + size > statementLettersMax) {
      yield group
      group = []
      letters = 0
    }
    group.push(each)
    letters += size
  }
  if (group.length > 0) yield group
}

/** Writes a group of files. When they cannot be written together they are put back, to be indexed one by one, which finds the one at fault. */
async function writeGroup(
  { database, awaitsVectors, onWritten }: IngestTools,
  group: WholeFile[],
  settled: Map<ClaimedJob, IngestOutcome>,
): Promise<void> {
  try {
    const written = new Set(await writeWholeFiles(database, group, { awaitsVectors: awaitsVectors?.() === true }))
    for (const { job, file } of group) {
      settled.set(job, written.has(job) ? { status: 'completed', chunks: file.chunks.length } : { status: 'skipped' })
    }
    onWritten?.()
  } catch (thrown) {
    if (thrown instanceof WeftError && thrown.isRetryable) throw thrown
    for (const { job } of group) await releaseJob(database, job)
  }
}

async function releaseAll(
  { database }: IngestTools,
  claimed: ClaimedJob[],
  settled: Map<ClaimedJob, IngestOutcome>,
): Promise<void> {
  for (const job of claimed) if (!settled.has(job)) await releaseJob(database, job)
}

function outcomesOf(jobs: IngestionJob[], settled: Map<ClaimedJob, IngestOutcome>): Map<IngestionJob, IngestOutcome> {
  const byKey = new Map([...settled].map(([job, outcome]) => [keyOf(job), outcome]))
  return new Map(
    jobs.flatMap((job) => {
      const outcome = byKey.get(keyOf(job))
      return outcome === undefined ? [] : [[job, outcome] as const]
    }),
  )
}

function keyOf({ tenant, vectorStoreId, fileId }: IngestionJob): string {
  return `${tenant}/${vectorStoreId}/${fileId}`
}
