import { createFairPlaces } from '@weft/mesh'
import type { SearchRequest } from '@weft/retrieval'
import type { Search } from './create-search.ts'

/**
 * All searches share this process's event loop, and the embedded database its one backend. Of hundreds at once none would end before nearly all of the work
 * is done, by when their steps are over, and the process would seem to have stopped. Enough at once that a search which waits for a model of somebody else's
 * keeps nobody waiting.
 */
const searchesAtOnceMax = 32

/** Wide enough that a search's wait is ended by its own deadline or by a place, not by these. */
const waiting = { waitingPerTenantMax: 2_000, waitingMax: 4_000, waitMsMax: 120_000 }

export type SearchLimit = {
  atOnceMax?: number
  nowMs?: () => number
}

/**
 * What is more than may be searched at once waits: tenants take turns, so that one who asks hundreds of questions keeps nobody else waiting, and a tenant's own
 * searches go in the order asked. The wait is part of a request's latency budget. Throws `timeout` when nobody wants the answer any more.
 */
export function limitSearches(
  search: Search,
  { atOnceMax = searchesAtOnceMax, nowMs = () => performance.now() }: SearchLimit = {},
): Search {
  const places = createFairPlaces({ of: 'retrieval', placesMax: atOnceMax, quantum: 1, reservedShare: 0, ...waiting })
  return async (request, scope, signal) => {
    const askedAtMs = nowMs()
    const place = await places.enter({ tenant: request.tenant, cost: 1, signal })
    try {
      return await search(withoutWait(request, nowMs() - askedAtMs), scope, signal)
    } finally {
      place.leave()
    }
  }
}

function withoutWait({ options, ...request }: SearchRequest, waitedMs: number): SearchRequest {
  const { latencyBudgetMs } = options ?? {}
  if (options === undefined || latencyBudgetMs === undefined) return { ...request, options }
  return { ...request, options: { ...options, latencyBudgetMs: Math.max(1, Math.round(latencyBudgetMs - waitedMs)) } }
}
