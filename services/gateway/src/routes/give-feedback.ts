import { parseValue, WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import { identityOf } from '../http/request-context.ts'
import type { FeedbackStore } from '../sessions/feedback-store.ts'
import { type FindSessionDeps, findSession } from '../sessions/find-session.ts'
import { sessionOf } from './session-params.ts'

const commentCharsMax = 4_000
const turnMax = 2_147_483_647

export const FeedbackBody = z.strictObject({
  turn: z.int().positive().max(turnMax),
  rating: z.union([z.enum(['up', 'down']), z.int().min(1).max(5)], { error: 'use up, down, or a whole number from 1 to 5' }),
  comment: z.string().max(commentCharsMax).optional(),
})

type Deps = FindSessionDeps & { feedback: FeedbackStore }

/**
 * `POST /v1/sessions/{id}/feedback`: what a reader says about a turn's answer, stored with the answer and its evidence. Of each key the last feedback counts.
 */
export function giveFeedback(deps: Deps): RequestHandler {
  return async (request, response) => {
    const session = sessionOf(request, response)
    const given = parseValue(FeedbackBody, request.body ?? {}, 'the request')
    await findSession(deps, session)
    const at = await deps.feedback.save(session, identityOf(response).keyId, given)
    if (at === undefined)
      throw new WeftError('not_found', `session '${session.sessionId}' has no answer of turn ${given.turn}`, { param: 'turn' })
    response.json({ object: 'session.feedback', sessionId: session.sessionId, ...given, at })
  }
}
