import { createPartCosts } from './part-costs.ts'
import { createSearchBudget, type SearchBudget } from './search-budget.ts'
import type { SearchTools } from './search-tools.ts'
import type { SearchRequest } from './search-types.ts'

/** The time budget of a search, which knows the parts that this search would have. */
export function openBudget({ embedder, reranker, costs }: SearchTools, { options }: SearchRequest): SearchBudget {
  const { mode, multiHop, latencyBudgetMs: budgetMs } = options ?? {}
  const wanted = {
    ...(embedder === undefined || mode === 'bm25' ? {} : { vectors: 'vectors' }),
    ...(multiHop === true ? { hops: 'hops' } : {}),
    ...(reranker === undefined ? {} : { rerank: `rerank ${reranker.id}` }),
  }
  const nowMs = () => performance.now()
  return createSearchBudget({ budgetMs, wanted, costs: costs ?? createPartCosts(nowMs), nowMs })
}
