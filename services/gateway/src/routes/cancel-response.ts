import { hasCode, WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { findResponseTurn, isForgotten } from '../answers/find-response-turn.ts'
import { responseOfTurn } from '../answers/response-of-turn.ts'
import { linksForReader } from '../approvals/reader-links.ts'
import { noSuchResponse, turnOfResponse } from '../core/response-id.ts'
import { tenantOf } from '../http/request-context.ts'
import { retryBriefly } from '../retry-briefly.ts'
import type { Sessions } from '../sessions/dapr-sessions.ts'
import type { FindResponseDeps } from './get-response.ts'

export interface CancelResponseDeps extends FindResponseDeps {
  sessions: Pick<Sessions, 'cancel' | 'view'>
}

const patienceMs = 5_000

/** `POST /v1/responses/{id}/cancel`: cancels a workflow's turn; harmless when it has ended, however long ago. */
export function cancelResponse(deps: CancelResponseDeps): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { id } = request.params
    const tenant = tenantOf(response)
    const place = turnOfResponse(id)
    if (place === undefined) throw (await deps.responses.find(tenant, id)) === undefined ? noSuchResponse(id) : answeredAlready()
    if (await isForgotten(deps, tenant, place)) throw noSuchResponse(id)
    const cancelling = retryBriefly(() => deps.sessions.cancel({ tenant, sessionId: place.sessionId }, place.turn), patienceMs)
    const view = await cancelling.catch(noneIfMissing)
    const found = await findResponseTurn(deps, { tenant, ...place, view })
    response.json(responseOfTurn(found, { linkOf: linksForReader(deps.pages, { request, response }) }))
  }
}

function answeredAlready(): WeftError {
  const message = 'a response of a model is answered while its caller waits: it ends with the connection'
  return new WeftError('invalid_request', message, { param: 'response_id' })
}

/** A session that only the log has any more has nothing to cancel. */
function noneIfMissing(thrown: unknown): undefined {
  if (!hasCode(thrown, 'not_found')) throw thrown
}
