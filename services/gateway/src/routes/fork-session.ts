import { canonicalJson, newId, parseValue, type SubmitTurn } from '@weft/contracts'
import { currentTraceparent } from '@weft/telemetry'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import { chooseSessionId, parseIdempotencyKey } from '../core/session-id.ts'
import { identityOf } from '../http/request-context.ts'
import { isPassing, retryBriefly } from '../retry-briefly.ts'
import { type CancelRefusedDeps, cancelRefused } from '../sessions/cancel-refused.ts'
import type { SessionRef, Sessions } from '../sessions/dapr-sessions.ts'
import { sessionOf } from './session-params.ts'

export const ForkBody = z.strictObject({
  /** This step runs again, and so do all steps that depend on it. Default: only the steps that did not succeed. */
  fromStep: z.string().min(1).max(64).optional(),
  /** The turn to fork; default: the newest. */
  turn: z.int().positive().optional(),
})

const patienceDefaultMs = 8_000
/** A constant is enough, because the session belongs to this fork alone: its first turn is this request, however often it is sent. */
const forkKey = 'fork'

export interface ForkDeps extends CancelRefusedDeps {
  sessions: Pick<Sessions, 'seed' | 'submit' | 'view' | 'cancelRequest'>
  /** How long something that restarts is waited for. Default 8 s. */
  patienceMs?: number
}

/**
 * `POST /v1/sessions/{id}/fork`: makes a new session, with the question, the plan and the finished outputs of a turn. Answers the new session and how much money
 * the outputs save. With the same Idempotency-Key it is the same session again; without a key, a fork
 * that was refused and has begun all the same is cancelled.
 */
export function forkSession(deps: ForkDeps): RequestHandler {
  const { sessions, patienceMs = patienceDefaultMs } = deps
  return async (request, response) => {
    const source = sessionOf(request, response)
    const wish = parseValue(ForkBody, request.body ?? {}, 'the request')
    const idempotencyKey = parseIdempotencyKey(request.get('idempotency-key'))
    const { tenant } = source
    const { keyId } = identityOf(response)
    const chosenBy = `${tenant}\nfork of ${source.sessionId}`
    const fork: SessionRef = { tenant, sessionId: chooseSessionId(chosenBy, { sessionId: undefined, idempotencyKey }) }
    let isSent = false
    const forking = retryBriefly(async (signal) => {
      const { seed, request: asked } = await sessions.seed(source, wish, signal)
      const traceparent = currentTraceparent()
      const turn: SubmitTurn = {
        ...fork,
        keyId,
        requestId: newId('req'),
        idempotencyKey: forkKey,
        requestHash: canonicalJson(wish),
        ...asked,
        seed,
        ...(traceparent === undefined ? {} : { traceparent }),
      }
      isSent = true
      await sessions.submit(turn, signal)
      return { ...(await sessions.view(fork, signal)), savedUsd: seed.savedUsd }
    }, patienceMs)
    const answer = await forking.catch((thrown: unknown) => {
      if (isSent && isPassing(thrown) && idempotencyKey === undefined) cancelRefused(deps, fork, forkKey)
      throw thrown
    })
    response.json(answer)
  }
}
