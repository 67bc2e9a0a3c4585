import { Attributes } from '@weft/contracts'
import { type Database, storableText } from '@weft/database'
import { genAi, withSpan } from '@weft/telemetry'
import { createVectorStoreMethods } from '../store/postgres-vector-stores.ts'
import { countContentTerms } from '../text/content-terms.ts'
import { boundQuery } from './bound-query.ts'
import { chainHops } from './chain-hops.ts'
import { defaultFusion, type Fused, fuseRankings } from './fuse-rankings.ts'
import { relevanceOf } from './normalise-score.ts'
import { openBudget } from './open-budget.ts'
import { type ChunkRow, readChunks, readFilenames } from './postgres-chunks.ts'
import { type Candidate, runLegs } from './postgres-search-legs.ts'
import { type Ranked, rerankPlaces } from './rerank-places.ts'
import { searchHops } from './search-hops.ts'
import type { SearchTools } from './search-tools.ts'
import type { SearchAnswer, SearchHit, SearchRequest } from './search-types.ts'
import { setDuplicatesBehind } from './set-duplicates-behind.ts'
import { supportDocuments } from './support-documents.ts'

/**
 * The best chunks of a tenant's vector stores by words (BM25) and by vectors, each place of a file once. A query without a letter or digit finds
 * nothing. Throws `invalid_request` for a filter nested too deeply and `dependency_unavailable`.
 */
export function searchKnowledge(tools: SearchTools, request: SearchRequest): Promise<SearchAnswer> {
  const attributes = {
    [genAi.operationName]: 'retrieval',
    [genAi.openInferenceSpanKind]: 'RETRIEVER',
    [genAi.requestTopK]: request.maxResults,
    [genAi.dataSourceId]: request.vectorStoreIds,
  }
  return withSpan('retrieval knowledge', { attributes }, async (span) => {
    const answer = await search(tools, request)
    span.setAttribute('weft.search.results', answer.results.length)
    return answer
  })
}

async function search(tools: SearchTools, request: SearchRequest): Promise<SearchAnswer> {
  const { database } = tools
  const { tenant, maxResults } = request
  const { mode = 'hybrid', multiHop = false, duplicates = 'suppress' } = request.options ?? {}
  const { fusion: method = defaultFusion.method, textWeight = defaultFusion.textWeight } = request.options ?? {}
  const query = boundQuery(storableText(request.query))
  if (query === '') return { results: [], skipped: [] }
  const vectorStoreIds = request.vectorStoreIds.length > 0 ? request.vectorStoreIds : await allStores(database, tenant)
  const legsRequest = { ...request, vectorStoreIds, query, mode }
  const budget = openBudget(tools, request)
  const { legs, candidates, skipped } = await runLegs(tools, legsRequest, budget)
  const fused = fuseRankings(legs, { method, textWeight, queryWords: countContentTerms(query) })
  const first = mode === 'hybrid' ? supportDocuments(fused, documentOf(candidates)) : fused.map(withoutSupport)
  const hop = () => searchHops(tools, { request: legsRequest, ranked: first, candidates, method })
  const hops = (multiHop ? await budget.spend('hops', hop) : undefined) ?? []
  const places = oncePerPlace(hops.length === 0 ? first : chainHops(first, hops, withoutSupport), candidates)
  const reranked = await rerankPlaces(tools, { ...legsRequest, places, candidates, budget, skipped })
  const looked = (reranked ?? places).slice(0, maxResults + (duplicates === 'suppress' ? spareMax : 0))
  const chunks = await readChunks(database, { tenant, chosen: looked, candidates })
  const textOf = ({ id }: { id: string }) => chunks.get(id)?.text
  const chosen = (duplicates === 'suppress' ? setDuplicatesBehind(looked, textOf) : looked).slice(0, maxResults)
  const filenames = await readFilenames(database, tenant, [...chunks.values()])
  const scale = reranked === undefined ? Math.max(0, ...chosen.map(relevanceOf)) / (chosen[0]?.score || 1) : 1
  const results = chosen.flatMap((hit) => searchHit(hit, { chunk: chunks.get(hit.id), filenames, scale }))
  return { results: results.map((hit, index) => ({ ...hit, rank: index + 1 })), skipped: [...skipped, ...budget.skipped] }
}

/** Passages that may take the places of those that say the same. */
const spareMax = 10

const storesMax = 1_000

function allStores(database: Database, tenant: string): Promise<string[]> {
  return createVectorStoreMethods(database).listVectorStoreIds({ tenant, limit: storesMax })
}

/** Files that are parts of one document may say so in the attribute `document_id`. */
function documentOf(candidates: ReadonlyMap<string, Candidate>): (id: string) => string {
  return (id) => {
    const { fileId = id, attributes = {} } = candidates.get(id) ?? {}
    return typeof attributes.document_id === 'string' ? `document ${attributes.document_id}` : fileId
  }
}

/** A file may lie in several stores: its chunks are then found once in each. */
function oncePerPlace<T extends { id: string }>(hits: T[], candidates: ReadonlyMap<string, Candidate>): T[] {
  const seen = new Set<string>()
  return hits.filter(({ id }) => {
    const { fileId, startOffset, endOffset } = candidates.get(id) ?? {}
    const place = `${fileId}/${startOffset}/${endOffset}`
    return !seen.has(place) && seen.add(place)
  })
}

function withoutSupport(hit: Fused): Fused & { support: number } {
  return { ...hit, support: 0 }
}

type Found = { chunk: ChunkRow | undefined; filenames: ReadonlyMap<string, string>; scale: number }

/** Chunks deleted since they were found are left out. */
function searchHit(hit: Ranked & { duplicates?: string[] }, { chunk, filenames, scale }: Found): Omit<SearchHit, 'rank'>[] {
  const filename = chunk === undefined ? undefined : filenames.get(chunk.fileId)
  if (chunk === undefined || filename === undefined) return []
  const { bm25, vector } = hit.legs
  return [
    {
      chunkId: `chunk_${hit.id}`,
      vectorStoreId: chunk.vectorStoreId,
      fileId: chunk.fileId,
      filename,
      text: chunk.text,
      start: chunk.startOffset,
      end: chunk.endOffset,
      ...(chunk.page === null ? {} : { page: chunk.page }),
      ...(chunk.heading === null ? {} : { heading: chunk.heading }),
      score: Math.min(1, hit.score * scale),
      attributes: Attributes.parse(chunk.attributes),
      rawScore: bm25?.score ?? vector?.score ?? 0,
      explanation: {
        ...(bm25 === undefined ? {} : { bm25 }),
        ...(vector === undefined ? {} : { vector }),
        support: hit.support,
        ...(hit.rerank === undefined ? {} : { rerank: hit.rerank }),
        ...(hit.duplicates === undefined ? {} : { duplicates: hit.duplicates.map((id) => `chunk_${id}`) }),
        ...(chunk.header === null ? {} : { header: chunk.header }),
        ...(hit.via === undefined ? {} : { via: { ...hit.via, chunkId: `chunk_${hit.via.from}` } }),
      },
    },
  ]
}
