/** Runs jobs, several together, each key at most once at a time; what does not fit is left to whoever offers jobs again. */
export type JobQueue<T> = { add(key: string, job: T): void; stop(): Promise<void> }

export type JobQueueOptions<T> = {
  /** Runs at a time. */
  concurrency: number
  /** Whose a job is. */
  ownerOf(job: T): string
  /** Jobs of one owner waiting at most: who brings many keeps nobody else's from being noted. */
  waitingMax: number
  /** Chooses what is run together next from those waiting; at least one. */
  pick(waiting: ReadonlyMap<string, T>): Map<string, T>
  /** Answers those that are to be run again, with what they are then. Must not throw. */
  run(jobs: Map<string, T>): Promise<Map<string, T>>
  /** Nothing waits or runs any more. */
  onIdle(): void
}

export function createJobQueue<T>({ concurrency, ownerOf, waitingMax, pick, run, onIdle }: JobQueueOptions<T>): JobQueue<T> {
  const waiting = new Map<string, T>()
  const counts = new Map<string, number>()
  const runningKeys = new Set<string>()
  const runs = new Set<Promise<void>>()
  let isStopped = false
  let isStarting = false

  function count(job: T, change: 1 | -1): void {
    const owner = ownerOf(job)
    const next = (counts.get(owner) ?? 0) + change
    if (next === 0) counts.delete(owner)
    else counts.set(owner, next)
  }

  function wait(key: string, job: T): void {
    waiting.set(key, job)
    count(job, 1)
  }

  function startRuns(): void {
    while (runs.size < concurrency && waiting.size > 0 && !isStopped) {
      const jobs = pick(waiting)
      for (const [key, job] of jobs) {
        waiting.delete(key)
        count(job, -1)
        runningKeys.add(key)
      }
      const current = run(jobs).then((again) => {
        runs.delete(current)
        for (const key of jobs.keys()) runningKeys.delete(key)
        if (!isStopped) for (const [key, job] of again) wait(key, job)
        startRuns()
        if (runs.size === 0 && !isStopped) onIdle()
      })
      runs.add(current)
    }
  }

  /** Jobs offered in one go are all there before the first are picked. */
  function startSoon(): void {
    if (isStarting) return
    isStarting = true
    queueMicrotask(() => {
      isStarting = false
      startRuns()
    })
  }

  return {
    add(key, job) {
      const isFull = (counts.get(ownerOf(job)) ?? 0) >= waitingMax
      if (isStopped || runningKeys.has(key) || waiting.has(key) || isFull) return
      wait(key, job)
      startSoon()
    },
    async stop() {
      isStopped = true
      waiting.clear()
      await Promise.allSettled(runs)
    },
  }
}
