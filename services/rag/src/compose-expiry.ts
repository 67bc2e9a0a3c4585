import type { Database } from '@weft/database'
import { noteStoresUsed, removeExpired } from '@weft/retrieval'
import { noteSearches } from './note-searches.ts'
import { createExpirySweep, type SweepOptions } from './sweep-expired.ts'

export type ExpiryParts = { database: Database; patient: Database; logger: SweepOptions['logger'] }

/** By when a store was last searched, and what is removed once that is too long ago. */
export function composeExpiry({ database, patient, logger }: ExpiryParts) {
  const onSearch = noteSearches({
    note: (searched) => noteStoresUsed(database, searched),
    onProblem: (cause) => logger.warn('a search was not noted as a use of its stores', { cause: String(cause) }),
    nowMs: () => performance.now(),
  })
  return { onSearch, ...createExpirySweep({ remove: (signal) => removeExpired(patient, signal), logger }) }
}
