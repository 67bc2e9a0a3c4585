import type { IngestionJob, IngestOutcome } from '@weft/retrieval'

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
const queueMax = 500

export function createIngestionWorker(options: IngestionWorkerOptions): IngestionWorker {
  const { listJobs, ingest, logger, concurrency, scanIntervalMs = 30_000 } = options
  const stopping = new AbortController()
  const queue = new Map<string, IngestionJob>()
  const running = new Map<string, Promise<void>>()
  /** Failed jobs wait for the next timed scan: a full round must not turn them over without end. */
  const resting = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let scanning: Promise<void> | undefined
  let isScanDue = false

  function enqueue(job: IngestionJob): void {
    const key = keyOf(job)
    if (stopping.signal.aborted || running.has(key) || queue.size >= queueMax) return
    queue.set(key, job)
    pump()
  }

  function pump(): void {
    while (running.size < concurrency && !stopping.signal.aborted) {
      const [next] = queue
      if (next === undefined) return
      const [key, job] = next
      queue.delete(key)
      running.set(key, run(key, job))
    }
  }

  async function run(key: string, job: IngestionJob): Promise<void> {
    try {
      const outcome = await ingest(job, stopping.signal)
      logger.info('a file was indexed', { ...job, ...outcome })
    } catch (thrown) {
      resting.add(key)
      if (!stopping.signal.aborted) logger.warn('a file is not indexed yet', { ...job, cause: String(thrown) })
    } finally {
      running.delete(key)
      pump()
      if (queue.size === 0 && running.size === 0) scan()
    }
  }

  /** A scan asked for during another is done after it: what that one has not seen must not wait for the timer. */
  function scan(): void {
    if (scanning !== undefined) {
      isScanDue = true
      return
    }
    isScanDue = false
    scanning = findJobs().finally(() => {
      scanning = undefined
      if (isScanDue) scan()
    })
  }

  async function findJobs(): Promise<void> {
    if (stopping.signal.aborted) return
    try {
      const jobs = await listJobs(queueMax)
      for (const job of jobs) if (!resting.has(keyOf(job))) enqueue(job)
    } catch (thrown) {
      logger.warn('files waiting to be indexed could not be listed', { cause: String(thrown) })
    }
  }

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
      enqueue(job)
    },
    async stop() {
      clearInterval(timer)
      stopping.abort()
      queue.clear()
      await Promise.allSettled([...running.values(), scanning])
    },
  }
}

function keyOf({ tenant, vectorStoreId, fileId }: IngestionJob): string {
  return `${tenant}/${vectorStoreId}/${fileId}`
}
