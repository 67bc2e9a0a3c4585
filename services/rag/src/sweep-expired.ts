import type { Expired } from '@weft/retrieval'

export type SweepOptions = {
  /** One round, bounded; what it leaves is done by the next. */
  remove(signal: AbortSignal): Promise<Expired>
  logger: Record<'info' | 'warn', (message: string, details: object) => unknown>
  everyMs?: number
}

const everyHalfMinuteMs = 30_000

/** Removes what has expired, at the start and again every `everyMs`. Level-triggered: it looks for what is due, whatever was done before. */
export function createExpirySweep({ remove, logger, everyMs = everyHalfMinuteMs }: SweepOptions) {
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let sweeping: Promise<void> | undefined

  async function sweep(): Promise<void> {
    try {
      for (let isMoreDue = true; isMoreDue && !stopping.signal.aborted; ) {
        const removed = await remove(stopping.signal)
        isMoreDue = removed.isMoreDue
        const { stores, files } = removed
        if (stores + files > 0) logger.info('what had expired was removed', { vectorStores: stores, files })
      }
    } catch (thrown) {
      if (!stopping.signal.aborted) logger.warn('what has expired is not removed yet', { cause: String(thrown) })
    }
    if (!stopping.signal.aborted) timer = setTimeout(start, everyMs)
  }

  function start(): void {
    sweeping = sweep()
  }

  return {
    start,
    async stop() {
      stopping.abort()
      clearTimeout(timer)
      await sweeping
    },
  }
}
