import type { RequestHandler } from 'express'
import { type FindSessionDeps, findSession } from '../sessions/find-session.ts'
import { restoreView } from '../sessions/restore-view.ts'
import type { SessionLog } from '../sessions/session-log.ts'
import { sessionOf } from './session-params.ts'

/** `GET /v1/sessions/{id}`: turns, plans and steps, as the session service knows them, or from the log once that service no longer keeps them. */
export function getSession(deps: FindSessionDeps & { log: Pick<SessionLog, 'eventsAfter'> }): RequestHandler {
  return async (request, response) => {
    const session = sessionOf(request, response)
    response.json(await restoreView(deps.log, session, await findSession(deps, session)))
  }
}
