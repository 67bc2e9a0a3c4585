import { errorMessage } from '@weft/contracts'
import { isUnstorable } from '@weft/database'
import type { CallRecord } from './call-record.ts'
import type { LedgerLog } from './ledger-log.ts'
import type { CallStore } from './postgres-calls.ts'

/**
 * Stores calls. One that the database will never take is logged and left out, so that it does not hold up the others. Throws what the database throws for any
 * other reason.
 */
export async function storeRecords(
  { calls, logger }: { calls: CallStore; logger: LedgerLog },
  records: readonly CallRecord[],
): Promise<void> {
  try {
    await calls.store(records)
  } catch (cause) {
    if (!isUnstorable(cause)) throw cause
    const [only, ...others] = records
    if (only !== undefined && others.length === 0) {
      logger.warn('a call of a model cannot be stored', { callId: only.id, cause: errorMessage(cause) })
      return
    }
    for (const each of records) await storeRecords({ calls, logger }, [each])
  }
}
