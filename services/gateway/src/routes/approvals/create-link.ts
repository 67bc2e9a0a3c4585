import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { approvalLink, type PageLinks } from '../../approvals/approval-links.ts'
import { findApproval, placeApproval } from '../../approvals/find-approval.ts'
import { approverOf } from '../../core/approver.ts'
import { baseOf, identityOf } from '../../http/request-context.ts'
import type { ApprovalDeps } from './approval-deps.ts'

/** `POST /approvals/{id}/link`: a page on which whoever holds this key can decide once, from another device or program. */
export function createLink(deps: ApprovalDeps & { pages: PageLinks }): RequestHandler {
  return async (request, response) => {
    const identity = identityOf(response)
    const { tenant, keyId } = identity
    const place = await placeApproval(deps, { tenant, id: String(request.params.id) })
    const approval = await findApproval(deps, place)
    if (approval.status !== 'pending')
      throw new WeftError('gone', `approval ${approval.id} is ${approval.status}: there is nothing left to decide`)
    const link = approvalLink(deps.pages, { base: baseOf(request), tenant, approval, by: approverOf(identity), keyId })
    response.set('cache-control', 'no-store').json({ object: 'approval.link', id: approval.id, ...link })
  }
}
