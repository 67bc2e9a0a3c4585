import type { RequestHandler } from 'express'
import { retryBriefly } from '../retry-briefly.ts'
import type { Sessions } from '../sessions/dapr-sessions.ts'
import { sessionOf } from './session-params.ts'

/** `POST /v1/sessions/{id}/resume`: lets a paused session go on; does nothing to one that is not paused. */
export function resumeSession(sessions: Pick<Sessions, 'resume'>): RequestHandler {
  return async (request, response) => {
    const session = sessionOf(request, response)
    response.json(await retryBriefly(() => sessions.resume(session)))
  }
}
