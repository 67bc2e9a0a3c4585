import type { RequestHandler } from 'express'
import { z } from 'zod'
import type { ApprovalLog } from '../../approvals/approval-log.ts'
import { type FindApprovalDeps, findApproval, placeApproval } from '../../approvals/find-approval.ts'
import { tenantOf } from '../../http/request-context.ts'
import { Limit, parseQuery, Seq } from '../session-params.ts'

export const HistoryQuery = z.object({ after: Seq.optional(), limit: Limit })

/** `GET /approvals/history`: everything that was ever done to the tenant's approvals, oldest first. */
export function listHistory(approvals: Pick<ApprovalLog, 'history'>): RequestHandler {
  return async (request, response) => {
    const { after, limit } = parseQuery(HistoryQuery, request)
    const page = await approvals.history({ tenant: tenantOf(response), approvalId: undefined, limit, after })
    response.json({ object: 'list', data: page.data, has_more: page.hasMore })
  }
}

/** `GET /approvals/{id}/history`: what was done to one approval, oldest first. */
export function listApprovalHistory(
  deps: FindApprovalDeps & { approvals: Pick<ApprovalLog, 'find' | 'history'> },
): RequestHandler {
  return async (request, response) => {
    const { after, limit } = parseQuery(HistoryQuery, request)
    const place = await placeApproval(deps, { tenant: tenantOf(response), id: String(request.params.id) })
    const page = await deps.approvals.history({ tenant: place.tenant, approvalId: place.approvalId, limit, after })
    // An approval that nobody knows is not found; one whose first entry is still being written has none yet.
    if (page.data.length === 0) await findApproval(deps, place)
    response.json({ object: 'list', data: page.data, has_more: page.hasMore })
  }
}
