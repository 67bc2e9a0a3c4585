import { RankingOptions, SearchRequest } from '@weft/contracts'
import type { SearchHit } from '@weft/retrieval'
import type { Router } from 'express'
import { nameIgnored } from '../../answers/name-ignored.ts'
import { identityOf } from '../../http/request-context.ts'
import { untilClosed } from '../../http/when-closed.ts'
import type { KnowledgeDeps } from './knowledge-deps.ts'
import { parseBody } from './request-schemas.ts'
import { searchOptionsOf } from './search-options.ts'

/** `POST /v1/vector_stores/{id}/search` */
export function mountSearchVectorStore(router: Router, { store, search }: KnowledgeDeps): void {
  router.post('/v1/vector_stores/:vectorStoreId/search', async (request, response) => {
    const { tenant, keyId } = identityOf(response)
    const { vectorStoreId } = request.params
    const body = parseBody(SearchRequest, request, response)
    const unknown = Object.keys(body.ranking_options ?? {}).filter((field) => !Object.hasOwn(RankingOptions.shape, field))
    nameIgnored(
      response,
      unknown.map((field) => `ranking_options.${field}`),
    )
    const metadata = await store.getSearchableMetadata({ tenant, vectorStoreId })

    const queries = typeof body.query === 'string' ? [body.query] : body.query
    const call = {
      tenant,
      keyId,
      vectorStoreIds: [vectorStoreId],
      maxResults: body.max_num_results,
      options: searchOptionsOf(body, metadata),
      ...(body.filters ? { filters: body.filters } : {}),
      ...(body.rewrite_query === true ? { rewrite: { messages: body.weft?.messages ?? [] } } : {}),
    }
    const reader = untilClosed(response)
    const answers = await Promise.all(queries.map((query) => search({ ...call, query }, reader)))
    const hits = bestHits(
      answers.flatMap(({ results }) => results),
      { maxResults: body.max_num_results, scoreMin: body.ranking_options?.score_threshold ?? 0 },
    )
    response.json({
      object: 'vector_store.search_results.page',
      search_query: answers.map(({ query }, index) => query ?? queries[index] ?? ''),
      data: hits.map(searchResultObject),
      has_more: false,
      next_page: null,
      weft: { skipped: [...new Set(answers.flatMap(({ skipped }) => skipped))] },
    })
  })
}

/** Several queries may find the same chunk: it counts once, with its best score. */
function bestHits(hits: SearchHit[], { maxResults, scoreMin }: { maxResults: number; scoreMin: number }): SearchHit[] {
  const best = new Map<string, SearchHit>()
  for (const hit of hits) {
    const known = best.get(hit.chunkId)
    if (hit.score >= scoreMin && (known === undefined || hit.score > known.score)) best.set(hit.chunkId, hit)
  }
  return [...best.values()].toSorted((a, b) => b.score - a.score || a.rank - b.rank).slice(0, maxResults)
}

function searchResultObject(hit: SearchHit) {
  return {
    file_id: hit.fileId,
    filename: hit.filename,
    score: hit.score,
    attributes: hit.attributes,
    content: [{ type: 'text', text: hit.text }],
    weft: {
      chunkId: hit.chunkId,
      start: hit.start,
      end: hit.end,
      ...(hit.page === undefined ? {} : { page: hit.page }),
      ...(hit.heading === undefined ? {} : { heading: hit.heading }),
      rank: hit.rank,
      rawScore: hit.rawScore,
      explanation: hit.explanation,
    },
  }
}
