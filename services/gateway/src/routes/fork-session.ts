import { canonicalJson, newId, parseValue, type SubmitTurn } from '@weft/contracts'
import { currentTraceparent } from '@weft/telemetry'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import { chooseSessionId, parseIdempotencyKey } from '../core/session-id.ts'
import { identityOf } from '../http/request-context.ts'
import { retryBriefly } from '../retry-briefly.ts'
import type { SessionRef, Sessions } from '../sessions/dapr-sessions.ts'
import { sessionOf } from './session-params.ts'

export const ForkBody = z.strictObject({
  /** This step and all that depend on it run again; without it only what did not succeed does. */
  fromStep: z.string().min(1).max(64).optional(),
  /** The newest turn unless another is named. */
  turn: z.int().positive().optional(),
})

const patienceMs = 8_000

/**
 * `POST /v1/sessions/{id}/fork`: a new session that is asked what a turn was asked, with its plan and its finished outputs; answers the new
 * session and what it saves. Under the same Idempotency-Key it is the same session.
 */
export function forkSession(sessions: Pick<Sessions, 'seed' | 'submit' | 'view'>): RequestHandler {
  return async (request, response) => {
    const source = sessionOf(request, response)
    const wish = parseValue(ForkBody, request.body ?? {}, 'the request')
    const idempotencyKey = parseIdempotencyKey(request.get('idempotency-key'))
    const { tenant } = source
    const { keyId } = identityOf(response)
    const chosenBy = `${tenant}\nfork of ${source.sessionId}`
    const fork: SessionRef = { tenant, sessionId: chooseSessionId(chosenBy, { sessionId: undefined, idempotencyKey }) }
    const answer = await retryBriefly(async (signal) => {
      const { seed, request: asked } = await sessions.seed(source, wish, signal)
      const traceparent = currentTraceparent()
      const turn: SubmitTurn = {
        ...fork,
        keyId,
        requestId: newId('req'),
        // A constant key is enough, because the session belongs to this fork alone: its first turn is this request, however often it is sent.
        idempotencyKey: 'fork',
        requestHash: canonicalJson(wish),
        ...asked,
        seed,
        ...(traceparent === undefined ? {} : { traceparent }),
      }
      await sessions.submit(turn, signal)
      return { ...(await sessions.view(fork, signal)), savedUsd: seed.savedUsd }
    }, patienceMs)
    response.json(answer)
  }
}
