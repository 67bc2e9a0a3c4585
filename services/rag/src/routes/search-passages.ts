import { handle } from '@weft/mesh'
import { type SearchAnswer, SearchRequest } from '@weft/retrieval'
import type { RequestHandler } from 'express'
import { card } from '../core/card.ts'
import type { RewriteQuestion } from '../rewrite-question.ts'

/** `POST /search`: passages with their ranking, for the gateway's search route, which may ask for a query that stands alone. */
export function searchPassages(
  search: (request: SearchRequest) => Promise<SearchAnswer>,
  rewriteQuestion: RewriteQuestion,
): RequestHandler {
  return handle(SearchRequest, async (request) => {
    const { rewrite } = request
    if (rewrite === undefined) return search(request)
    const { query } = await rewriteQuestion({
      question: request.query,
      earlier: rewrite.messages,
      scope: { tenant: request.tenant, agent: card.id },
    })
    return { ...(await search({ ...request, query })), query }
  })
}
