import { parseValue, SessionId, WeftError } from '@weft/contracts'
import type { Request, Response } from 'express'
import type { z } from 'zod'
import { unknownSession } from '../core/unknown-session.ts'
import { tenantOf } from '../http/request-context.ts'
import type { SessionRef } from '../sessions/dapr-sessions.ts'
import { queryInteger } from './query-integer.ts'

/** The session that a path names. An id of the wrong form gets the same error as an unknown one. */
export function sessionOf(request: Request, response: Response): SessionRef {
  const parsed = SessionId.safeParse(request.params.sessionId)
  if (!parsed.success) throw unknownSession(String(request.params.sessionId))
  return { tenant: tenantOf(response), sessionId: parsed.data }
}

export const Limit = queryInteger({ min: 1, max: 100 }).default(20)
export const Seq = queryInteger({ min: 0, max: Number.MAX_SAFE_INTEGER })

export function parseQuery<T extends z.ZodType>(schema: T, request: Request): z.infer<T> {
  return parseValue(schema, request.query, 'the query')
}

/** The last event that a reader has, from the header that an EventSource sends when it connects again. It takes precedence over `after` in the address. */
export function lastEventId(request: Request): number | undefined {
  const given = request.get('last-event-id')
  if (given === undefined || given === '') return undefined
  const parsed = Seq.safeParse(given)
  if (!parsed.success)
    throw new WeftError('invalid_request', 'Last-Event-ID: send the id of an event', { param: 'Last-Event-ID' })
  return parsed.data
}
