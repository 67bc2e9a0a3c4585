import type { ApprovalView, BudgetAlert } from '@weft/contracts'

/** What is to be told, and to whom. */
export interface Notification {
  id: string
  tenant: string
  channel: 'webhook' | 'email' | 'pubsub'
  /** A webhook's id, an address, or a topic. */
  target: string
  /** The approval, or the budget and its period, that it is about. */
  subjectId: string
  /** This attempt's number. */
  attempts: number
  payload: { type: string; timestamp: string; data: ApprovalView } | BudgetNews
}

export interface BudgetNews {
  type: 'budget.alert'
  timestamp: string
  data: BudgetAlert
}

export interface TakeOptions {
  limit: number
  leaseMs: number
  attemptsMax: number
  /** Targets that are left out this time. */
  busyTargets: string[]
}

export interface NotificationStore {
  /** Takes what is due, so that nobody else does within `leaseMs`; what was not tried yet comes before what failed. */
  take(options: TakeOptions): Promise<Notification[]>
  noteDelivered(id: string): Promise<void>
  /** `retryInMs` undefined: it is given up. */
  noteFailed(id: string, failure: { error: string; retryInMs: number | undefined }): Promise<void>
  /** Forgets what was delivered or given up and is older than `keptMs`: it repeats what approvals hold. */
  forget(options: { keptMs: number; attemptsMax: number }): Promise<void>
}
