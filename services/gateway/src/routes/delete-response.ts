import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import type { ResponseStore } from '../answers/response-store.ts'
import { noSuchResponse, turnOfResponse } from '../core/response-id.ts'
import { tenantOf } from '../http/request-context.ts'

/** `DELETE /v1/responses/{id}`. */
export function deleteResponse(responses: Pick<ResponseStore, 'delete'>): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { id } = request.params
    const turn = turnOfResponse(id)
    if (turn !== undefined) throw keptBySession(turn.sessionId)
    if (!(await responses.delete(tenantOf(response), id))) throw noSuchResponse(id)
    response.json({ id, object: 'response', deleted: true })
  }
}

function keptBySession(sessionId: string): WeftError {
  const message = `a workflow's response is a turn of its session: DELETE /v1/sessions/${sessionId} forgets all of it`
  return new WeftError('invalid_request', message, { param: 'response_id' })
}
