import { errorMessage, hasCode } from '@weft/contracts'
import { type Database, migrateUp } from '@weft/database'
import type { AuditLog } from './audit/audit-log.ts'
import { storeAdminKey } from './keys/first-admin-key.ts'
import type { Log } from './log.ts'

export interface PrepareOptions {
  database: Database
  audit: Pick<AuditLog, 'act'>
  adminKey: string | undefined
  logger: Pick<Log, 'warn'>
  signal: AbortSignal
}

const retryMs = 250

/**
 * Makes the tables and stores the first admin key, as soon as there is a database; waits for it as long as it takes. Throws `conflict` for the database of a
 * newer version, and for one that lacks an extension.
 */
export async function prepareDatabase({ database, audit, adminKey, logger, signal }: PrepareOptions): Promise<void> {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      await migrateUp(database)
      break
    } catch (cause) {
      if (hasCode(cause, 'conflict')) throw cause
      if (attempt % 40 === 0) logger.warn('the tables wait for the database', { cause: errorMessage(cause) })
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
  }
  if (adminKey !== undefined) await storeAdminKey({ audit, adminKey, logger, signal })
}
