import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import type { ResponseStore } from '../answers/response-store.ts'
import { turnOfResponse } from '../core/response-id.ts'
import { tenantOf } from '../http/request-context.ts'

/** `GET /v1/responses/{id}`: a stored response of a model. */
export function getResponse(responses: Pick<ResponseStore, 'find'>): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { id } = request.params
    const stored = await responses.find(tenantOf(response), id)
    if (stored === undefined) throw noSuchResponse(id)
    response.json(stored.response)
  }
}

/** Of a workflow's response the session tells more. */
export function noSuchResponse(id: string): WeftError {
  const turn = turnOfResponse(id)
  const where = turn === undefined ? '' : ` (its session is at /v1/sessions/${turn.sessionId})`
  return new WeftError('not_found', `there is no stored response '${id.slice(0, 256)}'${where}`, { param: 'response_id' })
}
