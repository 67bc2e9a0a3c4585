import type { Approver } from '@weft/contracts'
import { Assignee, SessionId } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import type { ApprovalLog } from '../../approvals/approval-log.ts'
import { approverOf } from '../../core/approver.ts'
import { InboxFormat, showApproval } from '../../core/inbox-shapes.ts'
import { identityOf } from '../../http/request-context.ts'
import { Limit, parseQuery } from '../session-params.ts'

export const PendingQuery = z.object({
  assignee: Assignee.optional(),
  sessionId: SessionId.optional(),
  snoozed: z.enum(['true', 'false']).default('false'),
  after: z.string().max(256).optional(),
  limit: Limit,
  format: InboxFormat,
})

/** `GET /approvals/pending`: what waits for a decision, oldest first; `assignee=me` for what this key may decide. */
export function listPending(approvals: Pick<ApprovalLog, 'pending'>): RequestHandler {
  return async (request, response) => {
    const { assignee, sessionId, snoozed, after, limit, format } = parseQuery(PendingQuery, request)
    const identity = identityOf(response)
    const assignees = assignee === 'me' ? seatsOf(approverOf(identity)) : assignee === undefined ? undefined : [assignee]
    const { data, hasMore } = await approvals.pending({
      tenant: identity.tenant,
      assignees,
      sessionId,
      showsSnoozed: snoozed === 'true',
      limit,
      after,
    })
    response.json({ object: 'list', data: data.map((approval) => showApproval(approval, format)), has_more: hasMore })
  }
}

/** The assignees that stand for an approver: the approver's own name, and a role for each role. */
export function seatsOf({ id, roles }: Approver): string[] {
  return [id, ...roles.map((role) => `role:${role}`)]
}
