import type { ApprovalView, ChainedLine } from '@weft/contracts'
import type { ChainAnchor } from '../audit/verify-chain.ts'

export interface PendingQuery {
  tenant: string
  /** Only what at least one of these may decide; what everybody may decide is always among it. */
  assignees: string[] | undefined
  /** This session and what its child sessions ask. */
  sessionId: string | undefined
  showsSnoozed: boolean
  limit: number
  after: string | undefined
}

export interface HistoryQuery {
  tenant: string
  approvalId: string | undefined
  limit: number
  /** The position of the last entry already read. */
  after: number | undefined
}

/** What is kept of approvals beside their sessions, a moment behind them: lists and history read it, decisions never do. */
export interface ApprovalLog {
  /** Oldest first. */
  pending(query: PendingQuery): Promise<{ data: ApprovalView[]; hasMore: boolean }>
  find(approval: { tenant: string; id: string }): Promise<ApprovalView | undefined>
  /** Of the newest line of the tenant's history; 0 when there is none. */
  lastPosition(tenant: string): Promise<number>
  /** The same for several tenants; one without a history is left out. */
  lastPositions(tenants: string[]): Promise<Map<string, number>>
  /** Oldest first, each line as its hash covers it. */
  history(query: HistoryQuery): Promise<{ data: ChainedLine[]; hasMore: boolean }>
  /** The last line of the history that was removed; undefined while all are there. */
  historyAnchor(tenant: string): Promise<ChainAnchor | undefined>
}
