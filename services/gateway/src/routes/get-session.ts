import type { RequestHandler } from 'express'
import { type FindSessionDeps, findSession } from '../find-session.ts'
import { sessionOf } from './session-params.ts'

/** `GET /v1/sessions/{id}`: turns, plans and steps as the session itself knows them; its summary once they are no longer kept. */
export function getSession(deps: FindSessionDeps): RequestHandler {
  return async (request, response) => {
    const { view, summary } = await findSession(deps, sessionOf(request, response))
    response.json(view ?? { ...summary, turns: [] })
  }
}
