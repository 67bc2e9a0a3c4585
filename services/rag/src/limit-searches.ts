import { WeftError } from '@weft/contracts'
import type { SearchRequest } from '@weft/retrieval'
import pLimit from 'p-limit'
import type { Search } from './create-search.ts'

/**
 * All searches share this process's event loop, and the embedded database its one backend. Of hundreds at once none would end before nearly all of the work
 * is done, by when their steps are over, and the process would seem to have stopped. Enough at once that a search which waits for a model of somebody else's
 * keeps nobody waiting.
 */
const searchesAtOnceMax = 32

export type SearchLimit = {
  atOnceMax?: number
  nowMs?: () => number
}

/**
 * Searches one after the other what is more than may be searched at once, in the order asked. The wait is part of a request's latency budget. Throws
 * `timeout`, retryable, when nobody wants the answer any more by its turn.
 */
export function limitSearches(
  search: Search,
  { atOnceMax = searchesAtOnceMax, nowMs = () => performance.now() }: SearchLimit = {},
): Search {
  const limit = pLimit(atOnceMax)
  return (request, scope, signal) => {
    const askedAtMs = nowMs()
    return limit(() => {
      if (signal?.aborted) throw new WeftError('timeout', 'the search was given up before its turn came', { isRetryable: true })
      return search(withoutWait(request, nowMs() - askedAtMs), scope, signal)
    })
  }
}

function withoutWait({ options, ...request }: SearchRequest, waitedMs: number): SearchRequest {
  const { latencyBudgetMs } = options ?? {}
  if (options === undefined || latencyBudgetMs === undefined) return { ...request, options }
  return { ...request, options: { ...options, latencyBudgetMs: Math.max(1, Math.round(latencyBudgetMs - waitedMs)) } }
}
