import type { RequestHandler } from 'express'
import { type FindResponseTurnDeps, findResponseTurn } from '../answers/find-response-turn.ts'
import type { ResponseStore } from '../answers/response-store.ts'
import { noSuchResponse, turnOfResponse } from '../core/response-id.ts'
import { tenantOf } from '../http/request-context.ts'

export interface DeleteResponseDeps extends FindResponseTurnDeps {
  responses: Pick<ResponseStore, 'delete' | 'forgetTurn' | 'isForgotten'>
}

/** `DELETE /v1/responses/{id}`. Of a workflow's response only this view is gone: its turn stays in the session, which can only be deleted as a whole. */
export function deleteResponse(deps: DeleteResponseDeps): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { id } = request.params
    const tenant = tenantOf(response)
    const place = turnOfResponse(id)
    if (place !== undefined) {
      await findResponseTurn(deps, { tenant, ...place })
      await deps.responses.forgetTurn(tenant, place)
    } else if (!(await deps.responses.delete(tenant, id))) throw noSuchResponse(id)
    response.json({ id, object: 'response', deleted: true })
  }
}
