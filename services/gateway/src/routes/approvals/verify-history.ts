import { findBreak } from '@weft/contracts'
import type { RequestHandler } from 'express'
import type { ApprovalLog } from '../../approvals/approval-log.ts'
import { verifyChain } from '../../audit/verify-chain.ts'
import { tenantOf } from '../../http/request-context.ts'

/** `GET /approvals/history/verify`: whether every entry of the history still holds the hash of the one before. */
export function verifyHistory(approvals: Pick<ApprovalLog, 'history' | 'historyAnchor'>): RequestHandler {
  return async (_request, response) => {
    const tenant = tenantOf(response)
    const verdict = await verifyChain({
      page: (query) => approvals.history({ tenant, approvalId: undefined, ...query }),
      anchor: () => approvals.historyAnchor(tenant),
      findBreak,
    })
    response.json({ object: 'approval_history_verification', ...verdict })
  }
}
