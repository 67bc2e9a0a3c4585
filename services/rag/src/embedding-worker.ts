/** Makes the vectors that wait for it, round after round. Level-triggered: looks every `scanIntervalMs`; a hint only makes it sooner. */
export type EmbeddingWorker = { start(): void; hint(): void; stop(): Promise<void> }

export type EmbeddingWorkerOptions = {
  /** Asked before the first round, and again until it succeeds: which model makes the vectors. */
  activate?(): Promise<void>
  /**
   * One round; all 0 when nothing waits. `deleted`: vectors nobody needs any more; `held`: chunks whose tenant may spend no more now, which are
   * not in the next round.
   */
  embed(signal: AbortSignal): Promise<{ embedded: number; copied: number; held?: number; deleted?: number }>
  logger: { info(message: string, details: object): void; warn(message: string, details: object): void }
  scanIntervalMs?: number
  /** Rest after a round that failed. */
  restMs?: number
}

export function createEmbeddingWorker(options: EmbeddingWorkerOptions): EmbeddingWorker {
  const { activate, embed, logger, scanIntervalMs = 30_000, restMs = 5_000 } = options
  const stopping = new AbortController()
  let isActive = false
  let isDue = false
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  async function work(): Promise<void> {
    try {
      if (!isActive) await activate?.()
      isActive = true
      let embedded = 0
      let held = 0
      for (let isDone = false; !isDone && !stopping.signal.aborted; ) {
        isDue = false
        const round = await embed(stopping.signal)
        const made = round.embedded + round.copied
        embedded += made
        held += round.held ?? 0
        isDone = made + (round.held ?? 0) + (round.deleted ?? 0) === 0 && !isDue
      }
      if (embedded > 0) logger.info('chunks have their vectors', { chunks: embedded })
      if (held > 0) logger.warn('chunks wait for vectors until a budget has room for them', { chunks: held })
    } catch (thrown) {
      if (stopping.signal.aborted) return
      logger.warn('chunks have no vectors yet', { cause: String(thrown) })
      await rest(restMs, stopping.signal)
    }
  }

  function wake(): void {
    isDue = true
    if (running !== undefined || stopping.signal.aborted) return
    running = work().finally(() => {
      running = undefined
    })
  }

  return {
    start() {
      wake()
      timer = setInterval(wake, scanIntervalMs)
    },
    hint: wake,
    async stop() {
      clearInterval(timer)
      stopping.abort()
      await running
    },
  }
}

function rest(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, durationMs)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
