import type { RequestHandler } from 'express'
import { z } from 'zod'
import type { AuditLog } from '../../audit/audit-log.ts'
import { tenantOf } from '../../http/request-context.ts'
import { Limit, parseQuery, Seq } from '../session-params.ts'

const AuditQuery = z.object({ after: Seq.optional(), limit: Limit })

/** `GET /v1/audit`: who did what to what, and when, oldest first. */
export function listAudit(audit: Pick<AuditLog, 'list'>): RequestHandler {
  return async (request, response) => {
    const { after, limit } = parseQuery(AuditQuery, request)
    const { data, hasMore } = await audit.list({ tenant: tenantOf(response), limit, after })
    response.json({ object: 'list', data, has_more: hasMore })
  }
}
