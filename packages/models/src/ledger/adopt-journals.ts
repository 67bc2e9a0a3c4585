import { rm } from 'node:fs/promises'
import { errorMessage } from '@weft/contracts'
import type { CallRecord } from './call-record.ts'
import { claimDeadJournals, type DeadJournal } from './journal-owners.ts'
import type { LedgerLog } from './ledger-log.ts'
import type { CallStore } from './postgres-calls.ts'
import { replayJournal } from './replay-journal.ts'
import { storeRecords } from './store-records.ts'

const everyMs = 15_000
const againMs = 2_000
const batchMax = 500

/** Stores the calls that dead processes left in their journals, now and every 15 s. Answers how to stop it. */
export function adoptJournals(options: { folder: string; service: string; calls: CallStore; logger: LedgerLog }): () => void {
  const { folder, service, calls, logger } = options
  const claimed: DeadJournal[] = []
  let timer: NodeJS.Timeout | undefined
  let isStopped = false

  async function adopt(): Promise<void> {
    let nextMs = everyMs
    try {
      claimed.push(...claimDeadJournals(folder, service))
      for (let journal = claimed[0]; journal !== undefined && !isStopped; journal = claimed[0]) {
        const counts = await storeJournal({ calls, logger }, journal.folder)
        if (journal.life !== undefined) await calls.noteGone(journal.life)
        await rm(journal.folder, { recursive: true, force: true })
        claimed.shift()
        if (counts.all > 0) logger.info('calls of a process that is gone were stored', counts)
      }
    } catch (cause) {
      logger.warn('the journal of a process that is gone is not stored yet', { cause: errorMessage(cause) })
      nextMs = againMs
    }
    if (isStopped) return
    timer = setTimeout(() => void adopt(), nextMs)
    timer.unref()
  }

  void adopt()
  return () => {
    isStopped = true
    clearTimeout(timer)
  }
}

/** Stores the calls of a journal. After a kill in between it may be stored twice, which changes nothing: the database keeps each call once, by its id. */
async function storeJournal(
  store: { calls: CallStore; logger: LedgerLog },
  journal: string,
): Promise<{ all: number; lost: number }> {
  const counts = { all: 0, lost: 0 }
  let batch: CallRecord[] = []
  for await (const record of replayJournal(journal)) {
    batch.push(record)
    counts.all += 1
    if (record.outcome === 'lost') counts.lost += 1
    if (batch.length < batchMax) continue
    await storeRecords(store, batch)
    batch = []
  }
  await storeRecords(store, batch)
  return counts
}
