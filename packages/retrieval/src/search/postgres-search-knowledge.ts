import { Attributes } from '@weft/contracts'
import { type Database, storableText } from '@weft/database'
import { genAi, withSpan } from '@weft/telemetry'
import { createVectorStoreMethods } from '../store/postgres-vector-stores.ts'
import { countMeaningfulWords } from '../text/content-terms.ts'
import { boundQuery } from './bound-query.ts'
import { chainHops } from './chain-hops.ts'
import { defaultFusion, type Fused, fuseRankings, textWeightFor } from './fuse-rankings.ts'
import { relevanceOf } from './normalise-score.ts'
import { openBudget } from './open-budget.ts'
import { type ChunkRow, readChunks } from './postgres-chunks.ts'
import { type Candidate, runLegs } from './postgres-search-legs.ts'
import { type Ranked, rerankPlaces } from './rerank-places.ts'
import { searchHops } from './search-hops.ts'
import type { SearchTools } from './search-tools.ts'
import type { SearchAnswer, SearchHit, SearchOptions, SearchRequest } from './search-types.ts'
import { setDuplicatesBehind } from './set-duplicates-behind.ts'
import { supportDocuments } from './support-documents.ts'

/**
 * The best chunks of a tenant's vector stores, searched by words (BM25) and by vectors; a place of a file that lies in several stores comes once. A query without
 * a letter or digit finds nothing. Throws `invalid_request` for a filter that is nested too deeply or has too many values, `dependency_unavailable` when the
 * database does not answer.
 */
export function searchKnowledge(tools: SearchTools, request: SearchRequest): Promise<SearchAnswer> {
  // A request that names no store searches them all.
  const sources = request.vectorStoreIds.join(',')
  const attributes = {
    [genAi.operationName]: 'retrieval',
    [genAi.openInferenceSpanKind]: 'RETRIEVER',
    [genAi.requestTopK]: request.maxResults,
    ...(sources === '' ? {} : { [genAi.dataSourceId]: sources }),
  }
  return withSpan(`retrieval ${sources || 'all'}`, { kind: 'client', attributes }, async (span) => {
    const answer = await search(tools, request)
    span.setAttribute('weft.search.results', answer.results.length)
    return answer
  })
}

async function search(tools: SearchTools, request: SearchRequest): Promise<SearchAnswer> {
  const { database } = tools
  const { tenant, maxResults } = request
  const { mode = 'hybrid', multiHop = false, duplicates = 'suppress' } = request.options ?? {}
  const { fusion: method = defaultFusion.method } = request.options ?? {}
  const query = boundQuery(storableText(request.query))
  if (query === '') return { results: [], skipped: [] }
  const vectorStoreIds = request.vectorStoreIds.length > 0 ? request.vectorStoreIds : await allStores(database, tenant)
  const legsRequest = { ...request, vectorStoreIds, query, mode }
  const budget = openBudget(tools, request)
  const { legs, candidates, skipped, knownShare } = await runLegs(tools, legsRequest, budget)
  const textWeight = request.options?.textWeight ?? textWeightFor(query, knownShare)
  const fused = fuseRankings(legs, { method, textWeight, queryWords: countMeaningfulWords(query) })
  const first = mode === 'hybrid' ? supportDocuments(fused, documentOf(candidates)) : fused.map(withoutSupport)
  const hop = () => searchHops(tools, { request: legsRequest, ranked: first, candidates, method })
  const hops = (multiHop ? await budget.spend('hops', hop) : undefined) ?? []
  const places = oncePerPlace(hops.length === 0 ? first : chainHops(first, hops, withoutSupport), candidates)
  const reranked = await rerankPlaces(tools, { ...legsRequest, places, candidates, budget, skipped })
  const read = (chosen: Ranked[]) => readChunks(database, { tenant, chosen, candidates })
  const { chosen, chunks } = await choosePlaces(reranked ?? places, { maxResults, duplicates, read })
  const scale = reranked === undefined ? Math.max(0, ...chosen.map(relevanceOf)) / (chosen[0]?.score || 1) : 1
  const results = chosen.flatMap((hit) => searchHit(hit, { chunk: chunks.get(hit.id), scale }))
  return { results: results.map((hit, index) => ({ ...hit, rank: index + 1 })), skipped: [...skipped, ...budget.skipped] }
}

/** How many further passages are read to fill the places of duplicates. */
const spareMax = 10

type Choosing = {
  maxResults: number
  duplicates: NonNullable<SearchOptions['duplicates']>
  read(chosen: Ranked[]): Promise<Map<string, ChunkRow>>
}

/** The best passages, read. Only if some of them are duplicates are further ones read, to take their places. */
async function choosePlaces(places: Ranked[], { maxResults, duplicates, read }: Choosing) {
  const best = places.slice(0, maxResults)
  const chunks = await read(best)
  if (duplicates === 'keep') return { chosen: best, chunks }
  const inOrder = setDuplicatesBehind(best, ({ id }) => chunks.get(id)?.text)
  if (inOrder.every((hit) => hit.duplicates === undefined)) return { chosen: inOrder, chunks }
  const more = places.slice(0, maxResults + spareMax)
  const all = await read(more)
  return { chosen: setDuplicatesBehind(more, ({ id }) => all.get(id)?.text).slice(0, maxResults), chunks: all }
}

const storesMax = 1_000

function allStores(database: Database, tenant: string): Promise<string[]> {
  return createVectorStoreMethods(database).listVectorStoreIds({ tenant, limit: storesMax })
}

/** The document of a passage: its file or, where files are parts of one document, what their attribute `document_id` names. */
function documentOf(candidates: ReadonlyMap<string, Candidate>): (id: string) => string {
  return (id) => {
    const { fileId = id, documentId } = candidates.get(id) ?? {}
    return documentId === undefined ? fileId : `document ${documentId}`
  }
}

/** Keeps the first of several hits at the same place of a file: a file that lies in several stores is found in each. */
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

type Found = { chunk: ChunkRow | undefined; scale: number }

/** Chunks deleted since they were found are left out. */
function searchHit(hit: Ranked & { duplicates?: string[] }, { chunk, scale }: Found): Omit<SearchHit, 'rank'>[] {
  if (chunk === undefined) return []
  const { bm25, vector } = hit.legs
  return [
    {
      chunkId: `chunk_${hit.id}`,
      vectorStoreId: chunk.vectorStoreId,
      fileId: chunk.fileId,
      filename: chunk.filename,
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
