import { Attributes } from '@weft/contracts'
import { type Bm25Hit, type Database, searchBm25, sql, storableText } from '@weft/database'
import { genAi, withSpan } from '@weft/telemetry'
import { z } from 'zod'
import { boundQuery } from './bound-query.ts'
import { normaliseScore } from './normalise-score.ts'
import { compileFilter } from './postgres-filter.ts'
import { createVectorStoreMethods } from './postgres-vector-stores.ts'
import type { SearchAnswer, SearchHit, SearchRequest } from './search-types.ts'

/**
 * The best chunks of a tenant's vector stores by BM25, each place of a file once. A query without a word that could be found finds nothing.
 * Throws `invalid_request` for a filter nested too deeply and `dependency_unavailable`.
 */
export function searchKnowledge(database: Database, request: SearchRequest): Promise<SearchAnswer> {
  const attributes = {
    [genAi.operationName]: 'retrieval',
    [genAi.openInferenceSpanKind]: 'RETRIEVER',
    [genAi.requestTopK]: request.maxResults,
    [genAi.dataSourceId]: request.vectorStoreIds,
  }
  return withSpan('retrieval knowledge', { attributes }, async (span) => {
    const answer = await search(database, request)
    span.setAttribute('weft.search.results', answer.results.length)
    return answer
  })
}

async function search(database: Database, request: SearchRequest): Promise<SearchAnswer> {
  const { tenant, maxResults, filters } = request
  const query = boundQuery(storableText(request.query))
  if (query === '') return { results: [] }
  const vectorStoreIds = request.vectorStoreIds.length > 0 ? request.vectorStoreIds : await allStores(database, tenant)
  const found = await searchBm25(database, {
    tenant,
    vectorStoreIds,
    query,
    // A file may lie in several stores: its chunks are then found once in each.
    limit: vectorStoreIds.length > 1 ? maxResults * 2 : maxResults,
    ...(filters === undefined ? {} : { filter: compileFilter(filters, sql`attributes`) }),
  })
  const hits = oncePerPlace(found).slice(0, maxResults)
  const filenames = await readFilenames(database, tenant, hits)
  return { results: hits.flatMap((hit, index) => searchHit(hit, { rank: index + 1, filename: filenames.get(hit.fileId) })) }
}

const storesMax = 1_000

function allStores(database: Database, tenant: string): Promise<string[]> {
  return createVectorStoreMethods(database).listVectorStoreIds({ tenant, limit: storesMax })
}

function oncePerPlace(hits: Bm25Hit[]): Bm25Hit[] {
  const seen = new Set<string>()
  return hits.filter((hit) => {
    const place = `${hit.fileId}/${hit.startOffset}/${hit.endOffset}`
    return !seen.has(place) && seen.add(place)
  })
}

const FilenameRow = z.object({ id: z.string(), filename: z.string() })

/** Read with every search, so that a renamed file is found under its new name at once. */
async function readFilenames(database: Database, tenant: string, hits: Bm25Hit[]): Promise<Map<string, string>> {
  if (hits.length === 0) return new Map()
  const fileIds = [...new Set(hits.map(({ fileId }) => fileId))]
  const { rows } = await sql`select id, filename from files where tenant = ${tenant} and id = any(${fileIds})`.execute(
    database.db,
  )
  return new Map(rows.map((row) => FilenameRow.parse(row)).map(({ id, filename }) => [id, filename]))
}

function searchHit(hit: Bm25Hit, { rank, filename }: { rank: number; filename: string | undefined }): SearchHit[] {
  if (filename === undefined) return []
  return [
    {
      chunkId: `chunk_${hit.chunkId}`,
      vectorStoreId: hit.vectorStoreId,
      fileId: hit.fileId,
      filename,
      text: hit.text,
      start: hit.startOffset,
      end: hit.endOffset,
      ...(hit.page === null ? {} : { page: hit.page }),
      ...(hit.heading === null ? {} : { heading: hit.heading }),
      score: normaliseScore(hit.score),
      attributes: Attributes.parse(hit.attributes),
      rank,
      rawScore: hit.score,
    },
  ]
}
