import { errorMessage } from '@weft/contracts'
import type { CallRecord } from './call-record.ts'
import type { LedgerLog } from './ledger-log.ts'
import type { CallStore } from './postgres-calls.ts'
import { storeRecords } from './store-records.ts'

/** Brings calls that have ended into the database. */
export interface EndedCalls {
  add(call: EndedCall): void
  /** Tries to store all calls added so far. */
  flush(): Promise<void>
  /** Ends storing; only `flush` still stores. */
  stop(): void
}

export interface EndedCall {
  record: CallRecord
  /** Called once it is stored. */
  onStored(): void
}

const batchMax = 500
const everyMs = 400
const againMs = 2_000

/** Stores ended calls in batches, a moment after the first of a batch. While the database takes none, it tries again every two seconds. */
export function storeEnded({ calls, logger }: { calls: CallStore; logger: LedgerLog }): EndedCalls {
  const ended: EndedCall[] = []
  let storing: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  let isDown = false

  function soon(delayMs: number): void {
    if (timer !== undefined || isStopped) return
    timer = setTimeout(() => {
      timer = undefined
      void flush()
    }, delayMs)
    timer.unref()
  }

  function flush(): Promise<void> {
    storing ??= storeAll().finally(() => {
      storing = undefined
      if (ended.length > 0) soon(isDown ? againMs : everyMs)
    })
    return storing
  }

  async function storeAll(): Promise<void> {
    try {
      // Calls that end meanwhile wait for the next batch: a statement for a few calls costs as much as one for a hundred.
      for (let left = ended.length; left > 0; ) {
        const batch = ended.slice(0, Math.min(left, batchMax))
        left -= batch.length
        await storeRecords(
          { calls, logger },
          batch.map(({ record }) => record),
        )
        ended.splice(0, batch.length)
        for (const { onStored } of batch) onStored()
      }
      if (isDown) logger.info('calls of models are stored again')
      isDown = false
    } catch (cause) {
      if (!isDown) logger.warn('calls of models are not stored: the journal keeps them', { cause: errorMessage(cause) })
      isDown = true
    }
  }

  return {
    add(call) {
      ended.push(call)
      soon(everyMs)
    },
    // Twice, because a batch may be under way that lacks what ended since.
    flush: () => flush().then(flush),
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}
