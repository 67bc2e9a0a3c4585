/** Runs jobs a few at a time, each key at most once at a time; what does not fit is left to whoever offers jobs again. */
export type JobQueue<T> = { add(key: string, job: T): void; stop(): Promise<void> }

export type JobQueueOptions<T> = {
  concurrency: number
  /** Jobs waiting at most. */
  waitingMax: number
  /** Must not throw. */
  run(key: string, job: T): Promise<void>
  /** Nothing waits or runs any more. */
  onIdle(): void
}

export function createJobQueue<T>({ concurrency, waitingMax, run, onIdle }: JobQueueOptions<T>): JobQueue<T> {
  const waiting = new Map<string, T>()
  const running = new Map<string, Promise<void>>()
  let isStopped = false

  function pump(): void {
    while (running.size < concurrency && !isStopped) {
      const [next] = waiting
      if (next === undefined) return
      const [key, job] = next
      waiting.delete(key)
      running.set(
        key,
        run(key, job).finally(() => settle(key)),
      )
    }
  }

  function settle(key: string): void {
    running.delete(key)
    pump()
    if (waiting.size === 0 && running.size === 0 && !isStopped) onIdle()
  }

  return {
    add(key, job) {
      if (isStopped || running.has(key) || waiting.size >= waitingMax) return
      waiting.set(key, job)
      pump()
    },
    async stop() {
      isStopped = true
      waiting.clear()
      await Promise.allSettled(running.values())
    },
  }
}
