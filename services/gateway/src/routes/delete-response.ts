import type { RequestHandler } from 'express'
import type { ResponseStore } from '../answers/response-store.ts'
import { tenantOf } from '../http/request-context.ts'
import { noSuchResponse } from './get-response.ts'

/** `DELETE /v1/responses/{id}`. */
export function deleteResponse(responses: Pick<ResponseStore, 'delete'>): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { id } = request.params
    if (!(await responses.delete(tenantOf(response), id))) throw noSuchResponse(id)
    response.json({ id, object: 'response', deleted: true })
  }
}
