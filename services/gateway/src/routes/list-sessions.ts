import { TurnStatus } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import { tenantOf } from '../http/request-context.ts'
import type { SessionLog } from '../sessions/session-log.ts'
import { Limit, parseQuery } from './session-params.ts'

export const ListSessionsQuery = z.object({
  limit: Limit,
  after: z.string().max(128).optional(),
  status: TurnStatus.optional(),
  user: z.string().max(256).optional(),
})

/** `GET /v1/sessions`: newest first. */
export function listSessions(log: Pick<SessionLog, 'list'>): RequestHandler {
  return async (request, response) => {
    const { limit, after, status, user } = parseQuery(ListSessionsQuery, request)
    const page = await log.list({ tenant: tenantOf(response), limit, after, status, user })
    response.json({ object: 'list', data: page.data, has_more: page.hasMore })
  }
}
