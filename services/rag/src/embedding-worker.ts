import { errorMessage } from '@weft/contracts'
/** Makes the vectors that wait for it, round after round. Level-triggered: looks every `scanIntervalMs`; a hint only makes it sooner. */
export type EmbeddingWorker = {
  start(): void
  hint(): void
  stop(): Promise<void>
  /** What kept the last round from making vectors; undefined once one has made some. */
  failure(): string | undefined
}

export type EmbeddingWorkerOptions = {
  /** Asked before the first round, and again until it succeeds: which model makes the vectors. */
  activate?(): Promise<void>
  /**
   * One round; all 0 when nothing waits. `deleted`: vectors nobody needs any more; `held`: chunks whose tenant may spend no more now, which are
   * not in the next round.
   */
  embed(signal: AbortSignal): Promise<{ embedded: number; copied: number; held?: number; deleted?: number }>
  logger: { info(message: string, details: object): void; warn(message: string, details: object): void }
  /** Rounds under way at a time: while one reads or writes the database, the model is busy with another. Default 1. */
  lanes?: number
  scanIntervalMs?: number
  /** Rest after a round that failed. */
  restMs?: number
}

export function createEmbeddingWorker(options: EmbeddingWorkerOptions): EmbeddingWorker {
  const { activate, scanIntervalMs = 30_000 } = options
  const stopping = new AbortController()
  let activation: Promise<void> | undefined
  let failure: string | undefined
  let timer: NodeJS.Timeout | undefined

  async function beActive(): Promise<void> {
    activation ??= activate?.()
    await activation?.catch((thrown: unknown) => {
      activation = undefined
      throw thrown
    })
  }

  const note = (reason: string | undefined) => {
    failure = reason
  }
  const lanes = Array.from({ length: options.lanes ?? 1 }, () => createLane(options, { beActive, note, signal: stopping.signal }))
  const wakeAll = () => {
    for (const lane of lanes) lane.wake()
  }
  return {
    start() {
      wakeAll()
      timer = setInterval(wakeAll, scanIntervalMs)
    },
    hint: wakeAll,
    failure: () => failure,
    async stop() {
      clearInterval(timer)
      stopping.abort()
      await Promise.all(lanes.map((lane) => lane.ended()))
    },
  }
}

type Lane = { wake(): void; ended(): Promise<void> | undefined }
type LaneParts = { beActive(): Promise<void>; note(failure: string | undefined): void; signal: AbortSignal }

/** Does one round after the other until nothing waits, and once more when it was woken meanwhile. */
function createLane({ embed, logger, restMs = 5_000 }: EmbeddingWorkerOptions, { beActive, note, signal }: LaneParts): Lane {
  let isDue = false
  let running: Promise<void> | undefined

  async function work(): Promise<void> {
    isDue = false
    try {
      await beActive()
      let embedded = 0
      let held = 0
      for (let isDone = false; !isDone && !signal.aborted; ) {
        isDue = false
        const round = await embed(signal)
        const made = round.embedded + round.copied
        embedded += made
        held += round.held ?? 0
        if (made > 0) note(undefined)
        isDone = made + (round.held ?? 0) + (round.deleted ?? 0) === 0 && !isDue
      }
      if (embedded > 0) logger.info('chunks have their vectors', { chunks: embedded })
      if (held === 0) return
      logger.warn('chunks wait for vectors until a budget has room for them', { chunks: held })
      note('no budget has room for them now')
    } catch (thrown) {
      if (signal.aborted) return
      note(errorMessage(thrown))
      logger.warn('chunks have no vectors yet', { cause: String(thrown) })
      await rest(restMs, signal)
    }
  }

  function wake(): void {
    isDue = true
    if (running !== undefined || signal.aborted) return
    running = work().finally(() => {
      running = undefined
      // A hint came after the last round, or while it rested from one that failed.
      if (isDue) wake()
    })
  }

  return { wake, ended: () => running }
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
