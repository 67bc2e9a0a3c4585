import { countMeaningfulWords } from '../text/content-terms.ts'
import { boundQuery } from './bound-query.ts'
import { bridgingTerms } from './bridging-terms.ts'
import type { Hop } from './chain-hops.ts'
import { type Fused, type FusionOptions, fuseRankings } from './fuse-rankings.ts'
import { readChunks } from './postgres-chunks.ts'
import { type Candidate, type LegsRequest, runLegs } from './postgres-search-legs.ts'
import { restOfQuestion } from './rest-of-question.ts'
import type { SearchTools } from './search-tools.ts'

/** How many of the best passages are searched on from; five to eight found no more on musique100 (docs/evaluation.md). */
const hopsMax = 4

/** Lower than in the first search, because names alone say little about what is asked. On musique100 .3 found more than .2 and .53. */
const textWeight = 0.3

export type FirstSearch = {
  request: LegsRequest
  ranked: Fused[]
  /** What the second searches find is added here. */
  candidates: Map<string, Candidate>
  method: FusionOptions['method']
}

/** Searches again for each of the best passages, all at the same time: for the words of the question that the passage does not have, and the names it brings in. */
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
