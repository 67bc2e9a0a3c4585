import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { linksForReader } from '../approvals/reader-links.ts'
import type { PageLinks } from '../approvals/approval-links.ts'
import { responseOfTurn } from '../answers/response-of-turn.ts'
import type { ResponseStore } from '../answers/response-store.ts'
import { turnOfResponse } from '../core/response-id.ts'
import { tenantOf } from '../http/request-context.ts'
import { type FindSessionDeps, findSession } from '../sessions/find-session.ts'
import { restoreView } from '../sessions/restore-view.ts'
import type { SessionLog } from '../sessions/session-log.ts'

export interface GetResponseDeps extends FindSessionDeps {
  responses: Pick<ResponseStore, 'find'>
  log: Pick<SessionLog, 'find' | 'eventsAfter'>
  pages: PageLinks
}

/** `GET /v1/responses/{id}`: a stored response of a model, or a workflow's as far as its turn is. */
export function getResponse(deps: GetResponseDeps): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { id } = request.params
    if (request.query.stream === 'true') throw noSecondStream(id)
    const place = turnOfResponse(id)
    if (place === undefined) {
      const stored = await deps.responses.find(tenantOf(response), id)
      if (stored === undefined) throw noSuchResponse(id)
      response.json(stored.response)
      return
    }
    const session = { tenant: tenantOf(response), sessionId: place.sessionId }
    const found = await findSession(deps, session).catch((thrown: unknown) => {
      throw thrown instanceof WeftError && thrown.code === 'not_found' ? noSuchResponse(id) : thrown
    })
    const view = await restoreView(deps.log, session, found)
    const turn = view.turns.find((candidate) => candidate.turn === place.turn)
    if (turn === undefined) throw noSuchResponse(id)
    response.json(responseOfTurn(view, turn, linksForReader(deps.pages, { request, response })))
  }
}

export function noSuchResponse(id: string): WeftError {
  return new WeftError('not_found', `there is no stored response '${id.slice(0, 256)}'`, { param: 'response_id' })
}

function noSecondStream(id: string): WeftError {
  const place = turnOfResponse(id)
  const where = place === undefined ? '' : `; GET /v1/sessions/${place.sessionId}/events streams what happens in it`
  return new WeftError('invalid_request', `'stream' is not supported here: ask without it${where}`, { param: 'stream' })
}
