import type { Router } from 'express'
import type { PageLinks } from '../../approvals/approval-links.ts'
import { ApprovalAction } from '../../core/decision-request.ts'
import { requireScopeOf } from '../../http/request-context.ts'
import type { ApprovalDeps } from './approval-deps.ts'
import { createLink } from './create-link.ts'
import { decide } from './decide.ts'
import { decideBatch } from './decide-batch.ts'
import { decideByShape } from './decide-by-shape.ts'
import { getApproval } from './get-approval.ts'
import { listApprovalHistory, listHistory } from './list-history.ts'
import { listPending } from './list-pending.ts'
import { type StreamApprovalsDeps, streamApprovals } from './stream-approvals.ts'
import { verifyHistory } from './verify-history.ts'

/** Everything about approvals. The router must have identified the key and parsed JSON bodies. Reading never decides. */
export function mountApprovalRoutes(router: Router, deps: ApprovalDeps & StreamApprovalsDeps & { pages: PageLinks }): void {
  router.get('/approvals/pending', listPending(deps.approvals))
  router.get('/approvals/stream', streamApprovals(deps))
  router.get('/approvals/history', listHistory(deps.approvals))
  // It reads all there ever was.
  router.get('/approvals/history/verify', requireScopeOf('admin'), verifyHistory(deps.approvals))
  router.post('/approvals/batch', decideBatch(deps))
  router.get('/approvals/:id', getApproval(deps))
  router.get('/approvals/:id/history', listApprovalHistory(deps))
  router.post('/approvals/:id/link', createLink(deps))
  router.post('/approvals/:id/decide', decideByShape(deps))
  for (const action of ApprovalAction.options) router.post(`/approvals/:id/${action}`, decide(deps, action))
}
