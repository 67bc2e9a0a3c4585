import { chatLimits, hasCode, WeftError } from '@weft/contracts'
import { type KnowledgeStore, storeExpired } from '@weft/retrieval'
import { settleWithin } from './settle-within.ts'

/** Which vector stores a turn reads. */
export interface ReadableStores {
  /** The stores a request names, each checked; all of the tenant's when it names none. Throws `not_found`, or `gone` for one that has expired, with `param`. */
  resolve(tenant: string, vectorStoreIds: string[] | undefined): Promise<string[]>
  /** Forgets what is cached of a tenant, after its stores changed here. */
  forget(tenant: string): void
}

/** Stores made through another gateway are seen within this time. */
const freshMs = 1_000
/** While the database is away the last known list is used; the answer says itself what it could not read. */
const believedMs = 60_000
const tenantsMax = 1_000
const listLimit = { ms: 2_000, what: 'the database' }

export function createReadableStores(
  store: Pick<KnowledgeStore, 'listVectorStoreIds' | 'getVectorStore'>,
  nowMs: () => number = () => performance.now(),
): ReadableStores {
  const cache = new Map<string, { ids: string[]; seenAtMs: number }>()

  async function all(tenant: string): Promise<string[]> {
    const known = cache.get(tenant)
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : nowMs() - known.seenAtMs
    if (known !== undefined && ageMs < freshMs) return known.ids
    try {
      const ids = await settleWithin(store.listVectorStoreIds({ tenant, limit: chatLimits.vectorStoresMax }), listLimit)
      if (cache.size >= tenantsMax) cache.clear()
      cache.set(tenant, { ids, seenAtMs: nowMs() })
      return ids
    } catch (cause) {
      if (known !== undefined && ageMs < believedMs) return known.ids
      throw cause
    }
  }

  return {
    async resolve(tenant, vectorStoreIds) {
      const known = await all(tenant)
      if (vectorStoreIds === undefined) return known
      for (const vectorStoreId of new Set(vectorStoreIds)) {
        if (!known.includes(vectorStoreId)) await requireStore(store, { tenant, vectorStoreId })
      }
      return [...new Set(vectorStoreIds)]
    },
    forget: (tenant) => void cache.delete(tenant),
  }
}

async function requireStore(
  store: Pick<KnowledgeStore, 'getVectorStore'>,
  place: { tenant: string; vectorStoreId: string },
): Promise<void> {
  try {
    const { status } = await settleWithin(store.getVectorStore(place), listLimit)
    if (status === 'expired') throw storeExpired(place.vectorStoreId, 'weft.vectorStoreIds')
  } catch (cause) {
    if (!hasCode(cause, 'not_found')) throw cause
    throw new WeftError('not_found', `no vector store '${place.vectorStoreId}'`, { param: 'weft.vectorStoreIds', cause })
  }
}
