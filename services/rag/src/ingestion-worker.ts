import type { IngestionJob, IngestOutcome } from '@weft/retrieval'
import { createFilePicker, type Waiting } from './core/pick-files.ts'
import { createJobQueue } from './job-queue.ts'

/**
 * Indexes the files that wait for it, small ones many at a time. Level-triggered: rows in progress are looked for at the start, every `scanIntervalMs` and after each
 * full round; a hint only makes it sooner. A file that fails is marked or left for the next scan, and never stops the others.
 */
export type IngestionWorker = { start(): void; hint(job: IngestionJob): void; stop(): Promise<void> }

type Write = (message: string, details: object) => void
type WorkerLog = { info: Write; warn: Write }

export type IngestionWorkerOptions = {
  /** Jobs waiting, of each tenant the oldest first. */
  listJobs(limit: number): Promise<IngestionJob[]>
  /** Indexes those of the files that are small; the others, which it does not answer for, go to `ingest`. */
  ingestSmall(jobs: IngestionJob[], signal: AbortSignal): Promise<Map<IngestionJob, IngestOutcome>>
  ingest(job: IngestionJob, signal: AbortSignal): Promise<IngestOutcome>
  logger: WorkerLog
  concurrency: number
  scanIntervalMs?: number
}

/** Jobs held in memory, of one tenant; the rest stays in the database for the next round. */
const waitingMax = 500

export function createIngestionWorker(options: IngestionWorkerOptions): IngestionWorker {
  const { listJobs, logger, concurrency, scanIntervalMs = 30_000 } = options
  const stopping = new AbortController()
  /** Failed jobs wait for the next timed scan: a full round must not turn them over without end. */
  const resting = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let scanning: Promise<void> | undefined
  let isScanDue = false

  /** A file done alone is settled by that; of several, those left over are done alone. */
  async function run(picked: Map<string, Waiting<IngestionJob>>): Promise<Map<string, Waiting<IngestionJob>>> {
    const all = [...picked.values()]
    const jobs = all.map(({ job }) => job)
    try {
      const isAlone = all.some((each) => each.isAlone)
      const outcomes = isAlone
        ? await ingestEach(jobs, (job) => options.ingest(job, stopping.signal))
        : await options.ingestSmall(jobs, stopping.signal)
      report(logger, [...outcomes])
      const left = jobs.filter((job) => !outcomes.has(job))
      return new Map(left.map((job) => [keyOf(job), { job, isAlone: true }]))
    } catch (thrown) {
      for (const key of picked.keys()) resting.add(key)
      const files = jobs.map(({ fileId }) => fileId)
      if (!stopping.signal.aborted) logger.warn('files are not indexed yet', { files, cause: String(thrown) })
      return new Map()
    }
  }

  /** A scan asked for during another is done after it: what that one has not seen must not wait for the timer. */
  function scan(): void {
    isScanDue = scanning !== undefined
    if (isScanDue || stopping.signal.aborted) return
    scanning = findJobs().finally(() => {
      scanning = undefined
      if (isScanDue) scan()
    })
  }

  async function findJobs(): Promise<void> {
    try {
      const jobs = await listJobs(waitingMax)
      for (const job of jobs) if (!resting.has(keyOf(job))) queue.add(keyOf(job), { job, isAlone: false })
    } catch (thrown) {
      logger.warn('files waiting to be indexed could not be listed', { cause: String(thrown) })
    }
  }

  const pick = createFilePicker<IngestionJob>()
  const queue = createJobQueue({ concurrency, ownerOf, waitingMax, pick, run, onIdle: scan })
  return {
    start() {
      scan()
      timer = setInterval(() => {
        resting.clear()
        scan()
      }, scanIntervalMs)
    },
    hint(job) {
      resting.delete(keyOf(job))
      queue.add(keyOf(job), { job, isAlone: false })
    },
    async stop() {
      clearInterval(timer)
      stopping.abort()
      await queue.stop()
      await scanning
    },
  }
}

function ownerOf({ job }: Waiting<IngestionJob>): string {
  return job.tenant
}

async function ingestEach(
  jobs: IngestionJob[],
  ingest: (job: IngestionJob) => Promise<IngestOutcome>,
): Promise<Map<IngestionJob, IngestOutcome>> {
  const outcomes = new Map<IngestionJob, IngestOutcome>()
  for (const job of jobs) outcomes.set(job, await ingest(job))
  return outcomes
}

/** One line for all that were indexed together, and one for each that was refused. */
function report(logger: WorkerLog, outcomes: [IngestionJob, IngestOutcome][]): void {
  const files: string[] = []
  let chunks = 0
  for (const [job, outcome] of outcomes) {
    if (outcome.status === 'completed') {
      files.push(job.fileId)
      chunks += outcome.chunks
      if (outcome.warning !== undefined)
        logger.warn('a file is indexed, but not all of it went well', { ...job, cause: outcome.warning.message })
    } else if (outcome.status === 'failed')
      logger.warn('a file cannot be indexed', { ...job, code: outcome.error.code, cause: outcome.error.message })
  }
  if (files.length > 0) logger.info('files were indexed', { files, chunks })
}

function keyOf({ tenant, vectorStoreId, fileId }: IngestionJob): string {
  return `${tenant}/${vectorStoreId}/${fileId}`
}
