import { errorMessage } from '@weft/contracts'
import type { Chained } from './chain-hops.ts'
import type { Fused } from './fuse-rankings.ts'
import { readChunks } from './postgres-chunks.ts'
import type { Candidate, LegsRequest } from './postgres-search-legs.ts'
import { type RerankShare, rerankedMin, rerankHits } from './rerank-hits.ts'
import type { SearchBudget } from './search-budget.ts'
import type { SearchTools } from './search-tools.ts'

export type Ranked = Chained<Fused & { support: number }> & { rerank?: RerankShare }

type Reranking = LegsRequest & {
  /** What was found, best first. */
  places: Ranked[]
  candidates: ReadonlyMap<string, Candidate>
  budget: SearchBudget
  /** The reason is added here if the reranker fails. */
  skipped: string[]
}

/** How long a reranker is waited for. A chat model as reranker may take minutes; by then the order without it is the better answer. */
const rerankPatienceMsDefault = 10_000

/** The best passages in the order of the reranker; undefined when there is none, no time for it, or when it fails: the order found stands then. */
export async function rerankPlaces(
  { database, reranker, rerankPatienceMs = rerankPatienceMsDefault }: SearchTools,
  asked: Reranking,
): Promise<Ranked[] | undefined> {
  const { tenant, query, places, candidates, maxResults, budget, skipped } = asked
  if (reranker === undefined || places.length === 0) return undefined
  const hits = places.slice(0, Math.max(rerankedMin, maxResults))
  return budget.spend('rerank', async (signal) => {
    const chunks = await readChunks(database, { tenant, chosen: hits, candidates })
    const textOf = ({ id }: Ranked) => {
      const chunk = chunks.get(id)
      return chunk === undefined ? undefined : `${chunk.heading ?? ''}\n${chunk.text}`.trim()
    }
    const patience = AbortSignal.timeout(rerankPatienceMs)
    try {
      return await rerankHits(reranker, { query, hits, textOf, signal: AbortSignal.any([signal, patience]) })
    } catch (cause) {
      const reason = errorMessage(cause)
      const why = patience.aborted ? `${reranker.id} did not answer within ${rerankPatienceMs} ms` : reason
      // Stopped because the time budget is used up: the budget adds that reason itself.
      if (!signal.aborted) skipped.push(`rerank: ${why}`)
      return undefined
    }
  })
}
