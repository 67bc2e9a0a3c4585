import type { RequestHandler } from 'express'
import { type DecideDeps, decideApproval } from '../../approvals/decide-approval.ts'
import { placeApproval } from '../../approvals/find-approval.ts'
import { approverOf } from '../../core/approver.ts'
import { type ApprovalAction, wishDecision } from '../../core/decision-request.ts'
import { identityOf, tenantOf } from '../../http/request-context.ts'

/** `POST /approvals/{id}/<action>`: answers the approval as it is afterwards. */
export function decide(deps: DecideDeps, action: ApprovalAction): RequestHandler {
  return async (request, response) => {
    const id = String(request.params.id)
    const wish = wishDecision(id, action, request.body ?? {})
    const place = await placeApproval(deps, { tenant: tenantOf(response), id })
    const by = approverOf(identityOf(response))
    const { approval, isRepeat } = await decideApproval(deps, { place, wish: { ...wish, approvalId: place.approvalId }, by })
    response.json({ ...approval, isRepeat })
  }
}
