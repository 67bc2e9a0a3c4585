import { handle } from '@weft/mesh'
import { SearchRequest } from '@weft/retrieval'
import type { RequestHandler } from 'express'
import { card } from '../core/card.ts'
import type { Search } from '../create-search.ts'
import type { RewriteQuestion } from '../rewrite-question.ts'

/** `POST /search`: passages with their ranking, for the gateway's search route, which may ask for a query that stands alone. */
export function searchPassages(search: Search, rewriteQuestion: RewriteQuestion): RequestHandler {
  return handle(SearchRequest, async (request, caller) => {
    const { tenant, keyId, rewrite } = request
    const scope = { tenant, keyId, agent: card.id }
    if (rewrite === undefined) return search(request, scope, caller)
    const query = await rewriteQuestion({ question: request.query, earlier: rewrite.messages, scope }, caller)
    return { ...(await search({ ...request, query }, scope, caller)), query }
  })
}
