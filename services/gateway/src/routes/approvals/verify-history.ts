import { findBreak, historyStart } from '@weft/contracts'
import type { RequestHandler } from 'express'
import type { ApprovalLog } from '../../approvals/approval-log.ts'
import { tenantOf } from '../../http/request-context.ts'

const pageEntries = 500

/** What checking the chain of a tenant's history came to. */
interface Verdict {
  object: 'approval_history_verification'
  isValid: boolean
  /** Entries that were found in order. */
  entries: number
  /** Of the last entry in order: kept elsewhere, it shows later whether the end was cut off. */
  lastHash: string
  /** Where the chain breaks, and how. */
  brokenAt?: number
  problem?: string
}

/** `GET /approvals/history/verify`: whether every entry of the history still holds the hash of the one before. */
export function verifyHistory(approvals: Pick<ApprovalLog, 'history'>): RequestHandler {
  return async (_request, response) => {
    response.json(await verify(approvals, tenantOf(response)))
  }
}

async function verify(approvals: Pick<ApprovalLog, 'history'>, tenant: string): Promise<Verdict> {
  let before = { position: 0, hash: historyStart }
  for (let hasMore = true; hasMore; ) {
    const page = await approvals.history({ tenant, approvalId: undefined, limit: pageEntries, after: before.position })
    for (const line of page.data) {
      const problem = findBreak(line, before)
      if (problem !== undefined) return { ...verdictOf(before), isValid: false, brokenAt: before.position + 1, problem }
      before = line
    }
    hasMore = page.hasMore
  }
  return verdictOf(before)
}

function verdictOf({ position, hash }: { position: number; hash: string }): Verdict {
  return { object: 'approval_history_verification', isValid: true, entries: position, lastHash: hash }
}
