import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import { type FollowResponseDeps, followResponse } from '../answers/follow-response.ts'
import { type FindResponseTurnDeps, findResponseTurn } from '../answers/find-response-turn.ts'
import { nameIgnored } from '../answers/name-ignored.ts'
import { responseOfTurn } from '../answers/response-of-turn.ts'
import { resultsWish, type SearchResultsDeps, tellResults } from '../answers/search-results.ts'
import type { ResponseStore } from '../answers/response-store.ts'
import type { PageLinks } from '../approvals/approval-links.ts'
import { linksForReader } from '../approvals/reader-links.ts'
import { noSuchResponse, turnOfResponse } from '../core/response-id.ts'
import { tenantOf } from '../http/request-context.ts'
import { parseQuery, Seq } from './session-params.ts'

export interface FindResponseDeps extends FindResponseTurnDeps {
  responses: Pick<ResponseStore, 'find' | 'isForgotten'>
  pages: PageLinks
}

export type GetResponseDeps = FindResponseDeps & FollowResponseDeps & Pick<SearchResultsDeps, 'readPlaces'>

const oneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string()).max(32)]).default([])

/** Lists come as `include[]=…` from OpenAI's clients. */
const GetResponseQuery = z.object({
  stream: z.stringbool().optional(),
  starting_after: Seq.optional(),
  include: oneOrMore,
  'include[]': oneOrMore,
})

/**
 * `GET /v1/responses/{id}`: a stored response of a model, or that of a workflow as far as its turn has come. `stream=true` streams a response in the background,
 * with `starting_after` only the events after that number.
 */
export function getResponse(deps: GetResponseDeps): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { id } = request.params
    const place = turnOfResponse(id)
    const { stream: isStreamed = false, starting_after: startingAfter, ...query } = parseQuery(GetResponseQuery, request)
    const include = [...query.include, ...query['include[]']]
    if (startingAfter !== undefined && !isStreamed) throw refused('starting_after', 'goes with stream=true')
    if (place === undefined) {
      const stored = await deps.responses.find(tenantOf(response), id)
      if (stored === undefined) throw noSuchResponse(id)
      if (isStreamed) throw noSecondStream()
      nameIgnored(response, include.map(wishName))
      response.json(stored.response)
      return
    }
    const found = await findResponseTurn(deps, { tenant: tenantOf(response), ...place })
    const linkOf = linksForReader(deps.pages, { request, response })
    const { readPlaces, telemetry } = deps
    const results = tellResults({ readPlaces, logger: telemetry.logger }, { tenant: tenantOf(response), include })
    nameIgnored(response, include.filter((wish) => wish !== resultsWish || found.turn.showsSearch !== true).map(wishName))
    if (!isStreamed) {
      response.json(await responseOfTurn(found, { linkOf, tellResults: results }))
      return
    }
    if (found.turn.isBackground !== true) throw noSecondStream()
    await followResponse(deps, { found, startingAfter, include, tellResults: results, linkOf, response })
  }
}

function wishName(wish: string): string {
  return `include.${wish}`
}

function noSecondStream(): WeftError {
  return refused('stream', 'is for responses that were made with background: true; ask for this one without it')
}

function refused(param: string, why: string): WeftError {
  return new WeftError('invalid_request', `'${param}' ${why}`, { param })
}
