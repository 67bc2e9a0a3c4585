import type { ApprovalView, ChainedLine } from '@weft/contracts'
import type { ChainAnchor } from '../audit/verify-chain.ts'

export interface PendingQuery {
  tenant: string
  /** Only approvals that one of these may decide, or that everybody may; undefined: all. */
  assignees: string[] | undefined
  /** Only approvals of this session and of its child sessions; undefined: of all. */
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

/** What the database keeps of approvals. It is a moment behind the sessions, so that lists and histories are read from it and decisions never are. */
export interface ApprovalLog {
  /** Oldest first. */
  pending(query: PendingQuery): Promise<{ data: ApprovalView[]; hasMore: boolean }>
  find(approval: { tenant: string; id: string }): Promise<ApprovalView | undefined>
  /** The position of the newest line of the tenant's history; 0 when there is none. */
  lastPosition(tenant: string): Promise<number>
  /** The same for several tenants; one without a history is left out. */
  lastPositions(tenants: string[]): Promise<Map<string, number>>
  /** Oldest first; each line with exactly the fields that its hash covers. */
  history(query: HistoryQuery): Promise<{ data: ChainedLine[]; hasMore: boolean }>
  /** The last line of the history that was removed; undefined while all are there. */
  historyAnchor(tenant: string): Promise<ChainAnchor | undefined>
}
