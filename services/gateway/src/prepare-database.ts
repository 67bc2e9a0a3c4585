import { type Database, migrateUp } from '@weft/database'
import { storeAdminKey } from './keys/first-admin-key.ts'
import type { KeyStore } from './keys/key-store.ts'
import type { Log } from './log.ts'

export interface PrepareOptions {
  database: Database
  keyStore: Pick<KeyStore, 'insert'>
  adminKey: string | undefined
  logger: Pick<Log, 'warn'>
  signal: AbortSignal
}

const retryMs = 250

/** Makes the tables and stores the first admin key, as soon as there is a database; waits for it as long as it takes. */
export async function prepareDatabase({ database, keyStore, adminKey, logger, signal }: PrepareOptions): Promise<void> {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      await migrateUp(database)
      break
    } catch (cause) {
      if (attempt % 40 === 0)
        logger.warn('the tables wait for the database', { cause: cause instanceof Error ? cause.message : String(cause) })
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
  }
  if (adminKey !== undefined) await storeAdminKey({ store: keyStore, adminKey, logger, signal })
}
