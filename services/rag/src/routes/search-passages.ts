import { handle } from '@weft/mesh'
import { type SearchAnswer, SearchRequest } from '@weft/retrieval'
import type { RequestHandler } from 'express'

/** `POST /search`: passages with their ranking, for the gateway's search route. */
export function searchPassages(search: (request: SearchRequest) => Promise<SearchAnswer>): RequestHandler {
  return handle(SearchRequest, search)
}
