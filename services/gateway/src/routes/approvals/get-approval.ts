import type { RequestHandler } from 'express'
import { z } from 'zod'
import { type FindApprovalDeps, findApproval, placeApproval } from '../../approvals/find-approval.ts'
import { InboxFormat, showApproval } from '../../core/inbox-shapes.ts'
import { tenantOf } from '../../http/request-context.ts'
import { parseQuery } from '../session-params.ts'

export const ApprovalQuery = z.object({ format: InboxFormat })

/** `GET /approvals/{id}`: one approval, whole; `?format=` as Agent Inbox or LangChain know it. */
export function getApproval(deps: FindApprovalDeps): RequestHandler {
  return async (request, response) => {
    const { format } = parseQuery(ApprovalQuery, request)
    const place = await placeApproval(deps, { tenant: tenantOf(response), id: String(request.params.id) })
    response.json(showApproval(await findApproval(deps, place), format))
  }
}
