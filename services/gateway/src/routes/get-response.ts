import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { type FindResponseTurnDeps, findResponseTurn } from '../answers/find-response-turn.ts'
import { responseOfTurn } from '../answers/response-of-turn.ts'
import type { ResponseStore } from '../answers/response-store.ts'
import type { PageLinks } from '../approvals/approval-links.ts'
import { linksForReader } from '../approvals/reader-links.ts'
import { noSuchResponse, type TurnPlace, turnOfResponse } from '../core/response-id.ts'
import { tenantOf } from '../http/request-context.ts'

export interface GetResponseDeps extends FindResponseTurnDeps {
  responses: Pick<ResponseStore, 'find'>
  pages: PageLinks
}

/** `GET /v1/responses/{id}`: a stored response of a model, or a workflow's as far as its turn is. */
export function getResponse(deps: GetResponseDeps): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { id } = request.params
    const place = turnOfResponse(id)
    if (request.query.stream !== undefined && request.query.stream !== 'false') throw noSecondStream(place)
    if (place === undefined) {
      const stored = await deps.responses.find(tenantOf(response), id)
      if (stored === undefined) throw noSuchResponse(id)
      response.json(stored.response)
      return
    }
    const found = await findResponseTurn(deps, { tenant: tenantOf(response), ...place })
    response.json(responseOfTurn(found, { linkOf: linksForReader(deps.pages, { request, response }) }))
  }
}

function noSecondStream(place: TurnPlace | undefined): WeftError {
  const where = place === undefined ? '' : `; GET /v1/sessions/${place.sessionId}/events streams what happens in it`
  return new WeftError('invalid_request', `'stream' is not supported here: ask without it${where}`, { param: 'stream' })
}
