import { findAuditBreak } from '@weft/contracts'
import type { RequestHandler, Router } from 'express'
import { z } from 'zod'
import type { AuditLog } from '../../audit/audit-log.ts'
import { verifyChain } from '../../audit/verify-chain.ts'
import { tenantOf } from '../../http/request-context.ts'
import { Limit, parseQuery, Seq } from '../session-params.ts'

const AuditQuery = z.object({ after: Seq.optional(), limit: Limit })
const verifiedAtOnce = 500

/** `GET /v1/audit`: who did what to what, and when, oldest first; `GET /v1/audit/verify`: whether nobody changed it. Of the key's own tenant. */
export function mountAudit(router: Router, audit: Pick<AuditLog, 'list'>, isAdmin: RequestHandler): void {
  router.get('/v1/audit', isAdmin, async (request, response) => {
    const { after, limit } = parseQuery(AuditQuery, request)
    const { data, hasMore } = await audit.list({ tenant: tenantOf(response), limit, after })
    response.json({ object: 'list', data, has_more: hasMore })
  })
  router.get('/v1/audit/verify', isAdmin, async (_request, response) => {
    const tenant = tenantOf(response)
    const page = (after: number) => audit.list({ tenant, limit: verifiedAtOnce, after })
    response.json({ object: 'audit_verification', ...(await verifyChain({ page, findBreak: findAuditBreak })) })
  })
}
