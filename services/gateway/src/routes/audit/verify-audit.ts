import { findAuditBreak } from '@weft/contracts'
import type { RequestHandler } from 'express'
import type { AuditLog } from '../../audit/audit-log.ts'
import { verifyChain } from '../../audit/verify-chain.ts'
import { tenantOf } from '../../http/request-context.ts'

/** `GET /v1/audit/verify`: whether every line of the log still holds the hash of the one before. */
export function verifyAudit(audit: Pick<AuditLog, 'list' | 'anchor'>): RequestHandler {
  return async (_request, response) => {
    const tenant = tenantOf(response)
    const verdict = await verifyChain({
      page: (query) => audit.list({ tenant, ...query }),
      anchor: () => audit.anchor(tenant),
      findBreak: findAuditBreak,
    })
    response.json({ object: 'audit_verification', ...verdict })
  }
}
