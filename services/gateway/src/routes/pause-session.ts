import type { RequestHandler } from 'express'
import { retryBriefly } from '../retry-briefly.ts'
import type { Sessions } from '../sessions/dapr-sessions.ts'
import { sessionOf } from './session-params.ts'

const patienceMs = 5_000

/** `POST /v1/sessions/{id}/pause`: nothing new begins until it is resumed; what runs runs on. Pausing twice is once. */
export function pauseSession(sessions: Pick<Sessions, 'pause'>): RequestHandler {
  return async (request, response) => {
    const session = sessionOf(request, response)
    response.json(await retryBriefly(() => sessions.pause(session), patienceMs))
  }
}

/** `POST /v1/sessions/{id}/resume`: goes on; harmless when the session is not paused. */
export function resumeSession(sessions: Pick<Sessions, 'resume'>): RequestHandler {
  return async (request, response) => {
    const session = sessionOf(request, response)
    response.json(await retryBriefly(() => sessions.resume(session), patienceMs))
  }
}
