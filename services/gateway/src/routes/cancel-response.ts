import { isTerminalTurn, WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { findResponseTurn } from '../answers/find-response-turn.ts'
import { responseOfTurn } from '../answers/response-of-turn.ts'
import { linksForReader } from '../approvals/reader-links.ts'
import { noSuchResponse, type TurnPlace, turnOfResponse } from '../core/response-id.ts'
import { tenantOf } from '../http/request-context.ts'
import { retryBriefly } from '../retry-briefly.ts'
import type { SessionRef, Sessions } from '../sessions/dapr-sessions.ts'
import type { FindResponseDeps } from './get-response.ts'

export interface CancelResponseDeps extends FindResponseDeps {
  sessions: Pick<Sessions, 'cancel' | 'view'>
}

/**
 * `POST /v1/responses/{id}/cancel`: cancels a workflow's turn; does nothing to one that has ended, however long ago. A turn whose response is not stored is left
 * alone, because there is nothing to answer with: such a turn is cancelled through its session.
 */
export function cancelResponse(deps: CancelResponseDeps): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { id } = request.params
    const tenant = tenantOf(response)
    const place = turnOfResponse(id)
    if (place === undefined) throw (await deps.responses.find(tenant, id)) === undefined ? noSuchResponse(id) : answeredAlready()
    const before = await retryBriefly(() => findResponseTurn(deps, { tenant, ...place }))
    const found = isTerminalTurn(before.turn.status) ? before : await cancelTurn(deps, { tenant, ...place })
    const linkOf = linksForReader(deps.pages, { request, response })
    response.json(await responseOfTurn(found, { linkOf, tellResults: async () => null }))
  }
}

async function cancelTurn(deps: CancelResponseDeps, { turn, ...session }: SessionRef & TurnPlace) {
  const view = await retryBriefly(() => deps.sessions.cancel(session, turn))
  return findResponseTurn(deps, { ...session, turn, view })
}

function answeredAlready(): WeftError {
  const message = 'a response of a model is answered while its caller waits: it ends with the connection'
  return new WeftError('invalid_request', message, { param: 'response_id' })
}
