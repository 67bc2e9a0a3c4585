import type { RequestHandler } from 'express'
import { retryBriefly } from '../retry-briefly.ts'
import type { Sessions } from '../sessions/dapr-sessions.ts'
import { sessionOf } from './session-params.ts'

/**
 * `POST /v1/sessions/{id}/pause`: no further step begins until the session is resumed; steps that run go on. Pausing it twice is the same as pausing it once.
 */
export function pauseSession(sessions: Pick<Sessions, 'pause'>): RequestHandler {
  return async (request, response) => {
    const session = sessionOf(request, response)
    response.json(await retryBriefly(() => sessions.pause(session)))
  }
}
