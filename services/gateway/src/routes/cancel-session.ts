import type { RequestHandler } from 'express'
import { retryBriefly } from '../retry-briefly.ts'
import type { Sessions } from '../sessions/dapr-sessions.ts'
import { sessionOf } from './session-params.ts'

/** `POST /v1/sessions/{id}/cancel`: cancels what runs; does nothing when nothing runs. */
export function cancelSession(sessions: Pick<Sessions, 'cancel'>): RequestHandler {
  return async (request, response) => {
    const session = sessionOf(request, response)
    response.json(await retryBriefly(() => sessions.cancel(session)))
  }
}
