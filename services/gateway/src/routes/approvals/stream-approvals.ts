import type { ApprovalView } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import type { ApprovalLog } from '../../approvals/approval-log.ts'
import type { ApprovalTail } from '../../approvals/approval-tail.ts'
import { followApprovals } from '../../approvals/follow-approvals.ts'
import { approverOf } from '../../core/approver.ts'
import { failStream } from '../../http/fail-stream.ts'
import type { OpenStreams } from '../../http/open-streams.ts'
import { identityOf } from '../../http/request-context.ts'
import { createSseStream } from '../../http/sse-stream.ts'
import type { Log } from '../../log.ts'
import { lastEventId, parseQuery, Seq } from '../session-params.ts'
import { seatsOf } from './list-pending.ts'

export interface StreamApprovalsDeps {
  approvals: ApprovalLog
  approvalTail: ApprovalTail
  streams: Pick<OpenStreams, 'open'>
  logger: Pick<Log, 'error'>
}

export const StreamQuery = z.object({ assignee: z.string().min(1).max(256).optional(), after: Seq.optional() })

/**
 * `GET /approvals/stream`: what is asked, and what becomes of it, as Server-Sent Events; `assignee=me` for what this key may decide. First all
 * that is pending, unless `Last-Event-ID` or `?after=` tells where the reader had come to.
 */
export function streamApprovals({ approvals, approvalTail, streams, logger }: StreamApprovalsDeps): RequestHandler {
  return async (request, response) => {
    const { assignee, after } = parseQuery(StreamQuery, request)
    const afterPosition = lastEventId(request) ?? after
    const identity = identityOf(response)
    const seats = assignee === 'me' ? seatsOf(approverOf(identity)) : assignee === undefined ? undefined : [assignee]
    const open = streams.open(identity, response)
    const sse = createSseStream(response, open)
    sse.start()
    try {
      const messages = followApprovals({
        approvals,
        tail: approvalTail,
        tenant: identity.tenant,
        afterPosition,
        isWanted: (approval) => mayDecide(approval, seats),
        assignees: seats,
        signal: open.signal,
      })
      for await (const message of messages) await sse.send(message)
      const reason = open.endReason()
      if (reason !== undefined) throw reason
      sse.end()
    } catch (thrown) {
      failStream({ sse, response, logger }, thrown)
    }
  }
}

function mayDecide({ assignees }: ApprovalView, seats: string[] | undefined): boolean {
  return seats === undefined || assignees.length === 0 || assignees.some((assignee) => seats.includes(assignee))
}
