import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import type { PageLinks } from '../approvals/approval-links.ts'
import { linksForReader } from '../approvals/reader-links.ts'
import { responseOfTurn } from '../answers/response-of-turn.ts'
import { turnOfResponse } from '../core/response-id.ts'
import { tenantOf } from '../http/request-context.ts'
import { retryBriefly } from '../retry-briefly.ts'
import type { Sessions } from '../sessions/dapr-sessions.ts'
import { noSuchResponse } from './get-response.ts'

export interface CancelResponseDeps {
  sessions: Pick<Sessions, 'cancel'>
  pages: PageLinks
}

const patienceMs = 5_000

/** `POST /v1/responses/{id}/cancel`: cancels a workflow's turn; harmless when it has ended. */
export function cancelResponse({ sessions, pages }: CancelResponseDeps): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { id } = request.params
    const place = turnOfResponse(id)
    if (place === undefined) {
      const message = 'a response of a model is answered while its caller waits: it ends with the connection'
      throw new WeftError('invalid_request', message, { param: 'response_id' })
    }
    const session = { tenant: tenantOf(response), sessionId: place.sessionId }
    const view = await retryBriefly(() => sessions.cancel(session, place.turn), patienceMs)
    const turn = view.turns.find((candidate) => candidate.turn === place.turn)
    if (turn === undefined) throw noSuchResponse(id)
    response.json(responseOfTurn(view, turn, linksForReader(pages, { request, response })))
  }
}
