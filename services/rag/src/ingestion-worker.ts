import type { IngestionJob, IngestOutcome } from '@weft/retrieval'
import { createJobQueue } from './job-queue.ts'

/**
 * Indexes the files that wait for it. Level-triggered: rows in progress are looked for at the start, every `scanIntervalMs` and after each
 * full round; a hint only makes it sooner. A file that fails is marked or left for the next scan, and never stops the others.
 */
export type IngestionWorker = { start(): void; hint(job: IngestionJob): void; stop(): Promise<void> }

type Write = (message: string, details: object) => void
type WorkerLog = { info: Write; warn: Write }

export type IngestionWorkerOptions = {
  /** Jobs waiting, oldest first. */
  listJobs(limit: number): Promise<IngestionJob[]>
  ingest(job: IngestionJob, signal: AbortSignal): Promise<IngestOutcome>
  logger: WorkerLog
  concurrency: number
  scanIntervalMs?: number
}

/** Jobs held in memory; the rest stays in the database for the next round. */
const waitingMax = 500

export function createIngestionWorker(options: IngestionWorkerOptions): IngestionWorker {
  const { listJobs, logger, concurrency, scanIntervalMs = 30_000 } = options
  const stopping = new AbortController()
  /** Failed jobs wait for the next timed scan: a full round must not turn them over without end. */
  const resting = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let scanning: Promise<void> | undefined
  let isScanDue = false

  async function run(key: string, job: IngestionJob): Promise<void> {
    try {
      report(logger, job, await options.ingest(job, stopping.signal))
    } catch (thrown) {
      resting.add(key)
      if (!stopping.signal.aborted) logger.warn('a file is not indexed yet', { ...job, cause: String(thrown) })
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
      for (const job of jobs) if (!resting.has(keyOf(job))) queue.add(keyOf(job), job)
    } catch (thrown) {
      logger.warn('files waiting to be indexed could not be listed', { cause: String(thrown) })
    }
  }

  const queue = createJobQueue({ concurrency, waitingMax, run, onIdle: scan })
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
      queue.add(keyOf(job), job)
    },
    async stop() {
      clearInterval(timer)
      stopping.abort()
      await queue.stop()
      await scanning
    },
  }
}

function report(logger: WorkerLog, job: IngestionJob, outcome: IngestOutcome): void {
  if (outcome.status === 'completed') logger.info('a file was indexed', { ...job, chunks: outcome.chunks })
  else if (outcome.status === 'failed')
    logger.warn('a file cannot be indexed', { ...job, code: outcome.error.code, cause: outcome.error.message })
}

function keyOf({ tenant, vectorStoreId, fileId }: IngestionJob): string {
  return `${tenant}/${vectorStoreId}/${fileId}`
}
