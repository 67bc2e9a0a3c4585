import type { RequestHandler } from 'express'
import { z } from 'zod'
import { decideApproval } from '../../approvals/decide-approval.ts'
import { findApproval, placeApproval } from '../../approvals/find-approval.ts'
import { approverOf } from '../../core/approver.ts'
import { wishByShape } from '../../core/inbox-answers.ts'
import { identityOf, tenantOf } from '../../http/request-context.ts'
import { parseQuery } from '../session-params.ts'
import type { ApprovalDeps } from './approval-deps.ts'

export const DecideQuery = z.object({ hash: z.string().max(64).optional() })

/** `POST /approvals/{id}/decide`: the answer of an Agent Inbox or of LangChain's human in the loop. */
export function decideByShape(deps: ApprovalDeps): RequestHandler {
  return async (request, response) => {
    const { hash } = parseQuery(DecideQuery, request)
    const place = await placeApproval(deps, { tenant: tenantOf(response), id: String(request.params.id) })
    const asked = await findApproval(deps, place)
    const wish = wishByShape(asked, request.body)
    const by = approverOf(identityOf(response))
    const bound = { ...wish, hash: hash ?? asked.hash }
    const { approval, isRepeat } = await decideApproval(deps, { place, wish: bound, by })
    response.json({ ...approval, isRepeat })
  }
}
