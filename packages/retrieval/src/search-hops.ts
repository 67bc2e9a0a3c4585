import { boundQuery } from './bound-query.ts'
import { bridgingTerms } from './bridging-terms.ts'
import type { Hop } from './chain-hops.ts'
import { contentTerms } from './content-terms.ts'
import { type Fused, type FusionOptions, fuseRankings } from './fuse-rankings.ts'
import { readChunks } from './postgres-chunks.ts'
import { type Candidate, type LegsRequest, runLegs } from './postgres-search-legs.ts'
import type { SearchTools } from './search-tools.ts'

/** Passages a second search goes on from: of 2, 4 and 8, four found most on musique100 (docs/evaluation.md). */
const hopsMax = 4

export type FirstSearch = {
  request: LegsRequest
  ranked: Fused[]
  /** Gets what the further searches find. */
  candidates: Map<string, Candidate>
  fusion: Omit<FusionOptions, 'queryWords'>
}

/** Searches again from each of the best passages: with the question and the names that the passage brought in. All at once. */
export async function searchHops(tools: SearchTools, { request, ranked, candidates, fusion }: FirstSearch): Promise<Hop[]> {
  const beginnings = ranked.slice(0, hopsMax)
  const chunks = await readChunks(tools.database, { tenant: request.tenant, chosen: beginnings, candidates })
  const hops = beginnings.map(async (from): Promise<Hop[]> => {
    const chunk = chunks.get(from.id)
    const terms = bridgingTerms(request.query, `${chunk?.heading ?? ''}. ${chunk?.text ?? ''}`)
    if (terms.length === 0) return []
    const query = boundQuery(`${request.query} ${terms.join(', ')}`)
    const found = await runLegs(tools, { ...request, query })
    for (const [id, candidate] of found.candidates) if (!candidates.has(id)) candidates.set(id, candidate)
    return [{ from, terms, hits: fuseRankings(found.legs, { ...fusion, queryWords: new Set(contentTerms(query)).size }) }]
  })
  return (await Promise.all(hops)).flat()
}
