import type { Database } from '@weft/database'
import { placeOf } from '../search/postgres-place.ts'
import type { HeldVectors } from '../search/search-tools.ts'
import { type Copies, followVectors } from './follow-vectors.ts'
import type { StoreOfTenant } from './postgres-stored-vectors.ts'

export type HoldOptions = {
  database: Pick<Database, 'db'>
  /** Of memory for vectors; default 48 MiB, 43,000 vectors of 384 dimensions. */
  bytesMax?: number
}

const bytesMaxDefault = 50_331_648
/** Of searches over more stores than this the database is asked. */
const storesMax = 64

/**
 * Holds copies of the vectors of stores that are searched in the embedded database. Every search looks first what changed, so that it finds what the database
 * holds at some moment during the call. It answers undefined where the database has to be asked: it is another than the embedded one, the search has a
 * filter, or the vectors of a store are not here yet or too many.
 */
export function holdVectors({ database, bytesMax = bytesMaxDefault }: HoldOptions): HeldVectors {
  const follower = followVectors({ database, bytesMax })

  function fillUnknown(copies: Copies, stores: StoreOfTenant[]): void {
    for (const store of stores) {
      if (copies.stores.stateOf(store) !== 'unknown') continue
      copies.stores.setState(store, 'filling')
      follower.fill(copies, store).catch(() => copies.stores.setState(store, 'refused'))
    }
  }

  return {
    async search({ tenant, vectorStoreIds, model, vector, limit, filter }) {
      const isMeant = filter === undefined && vectorStoreIds.length <= storesMax
      if (!isMeant || !(await placeOf(database)).isEmbedded) return undefined
      const { active, copies } = await follower.look()
      if (active === null || copies === undefined) return { kind: 'found', hits: [] }
      if (active.id !== model.id || active.dimensions !== model.dimensions) return { kind: 'other_model', model: active }
      const asked = [...new Set(vectorStoreIds)].map((vectorStoreId) => ({ tenant, vectorStoreId }))
      if (asked.every((store) => copies.stores.stateOf(store) === 'whole'))
        return { kind: 'found', hits: copies.stores.search(asked, vector, limit) }
      fillUnknown(copies, asked)
      return undefined
    },
  }
}
