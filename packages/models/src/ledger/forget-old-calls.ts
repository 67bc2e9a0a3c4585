import { type LedgerLog, reasonOf } from './ledger-log.ts'
import type { CallStore } from './postgres-calls.ts'

const everyMs = 3_600_000
const batchMax = 5_000
const dayMs = 86_400_000

/** Forgets calls older than `keepDays`, every hour; answers how to stop it. */
export function forgetOldCalls(options: {
  calls: CallStore
  logger: LedgerLog
  keepDays: number
  nowMs: () => number
}): () => void {
  const { calls, logger, keepDays, nowMs } = options
  let isStopped = false

  async function forget(): Promise<void> {
    try {
      for (let forgotten = batchMax; forgotten === batchMax && !isStopped; )
        forgotten = await calls.forget(nowMs() - keepDays * dayMs, batchMax)
    } catch (cause) {
      logger.warn('old calls of models were not forgotten', { cause: reasonOf(cause) })
    }
  }

  const timer = setInterval(() => void forget(), everyMs).unref()
  return () => {
    isStopped = true
    clearInterval(timer)
  }
}
