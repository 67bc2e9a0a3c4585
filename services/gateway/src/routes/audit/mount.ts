import type { RequestHandler, Router } from 'express'
import type { AuditLog } from '../../audit/audit-log.ts'
import { listAudit } from './list-audit.ts'
import { verifyAudit } from './verify-audit.ts'

/** The audit log: what was done, and by whom. For administrators of the tenant. */
export function mountAudit(router: Router, audit: Pick<AuditLog, 'list' | 'anchor'>, isAdmin: RequestHandler): void {
  router.get('/v1/audit', isAdmin, listAudit(audit))
  router.get('/v1/audit/verify', isAdmin, verifyAudit(audit))
}
