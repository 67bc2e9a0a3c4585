import type { ApprovalView } from '@weft/contracts'

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

/** One line of the history: what was done to an approval, by whom, chained to the line before by its hash. */
export interface ApprovalHistoryEntry {
  position: number
  approvalId: string
  sessionId: string
  at: string
  hash: string
  previousHash: string
  [more: string]: unknown
}

/** What is kept of approvals beside their sessions, a moment behind them: lists and history read it, decisions never do. */
export interface ApprovalLog {
  /** Oldest first. */
  pending(query: PendingQuery): Promise<{ data: ApprovalView[]; hasMore: boolean }>
  find(approval: { tenant: string; id: string }): Promise<ApprovalView | undefined>
  /** Oldest first. */
  history(query: HistoryQuery): Promise<{ data: ApprovalHistoryEntry[]; hasMore: boolean }>
}
