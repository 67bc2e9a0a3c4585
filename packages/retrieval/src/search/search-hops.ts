import { countMeaningfulWords } from '../text/content-terms.ts'
import { boundQuery } from './bound-query.ts'
import { bridgingTerms } from './bridging-terms.ts'
import type { Hop } from './chain-hops.ts'
import { type Fused, type FusionOptions, fuseRankings } from './fuse-rankings.ts'
import { readChunks } from './postgres-chunks.ts'
import { type Candidate, type LegsRequest, runLegs } from './postgres-search-legs.ts'
import { restOfQuestion } from './rest-of-question.ts'
import type { SearchTools } from './search-tools.ts'

/** Passages a second search goes on from: five to eight find no more on musique100 (docs/evaluation.md). */
const hopsMax = 4

/** Names alone say little of what is asked: words count less here than in the first search. .3 found more than .2 and .53. */
const textWeight = 0.3

export type FirstSearch = {
  request: LegsRequest
  ranked: Fused[]
  /** Gets what the further searches find. */
  candidates: Map<string, Candidate>
  method: FusionOptions['method']
}

/** Searches again from each of the best passages: with what it leaves open of the question and the names it brought in. All at once. */
export async function searchHops(tools: SearchTools, { request, ranked, candidates, method }: FirstSearch): Promise<Hop[]> {
  const beginnings = ranked.slice(0, hopsMax)
  const chunks = await readChunks(tools.database, { tenant: request.tenant, chosen: beginnings, candidates })
  const hops = beginnings.map(async (from): Promise<Hop[]> => {
    const chunk = chunks.get(from.id)
    const passage = `${chunk?.heading ?? ''}. ${chunk?.text ?? ''}`
    const terms = bridgingTerms(request.query, passage)
    if (terms.length === 0) return []
    const query = boundQuery(`${restOfQuestion(request.query, passage)} ${terms.join(', ')}`)
    const found = await runLegs(tools, { ...request, query })
    for (const [id, candidate] of found.candidates) if (!candidates.has(id)) candidates.set(id, candidate)
    return [{ from, terms, hits: fuseRankings(found.legs, { method, textWeight, queryWords: countMeaningfulWords(query) }) }]
  })
  return (await Promise.all(hops)).flat()
}
