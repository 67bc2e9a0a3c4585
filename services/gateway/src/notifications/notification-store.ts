import type { ApprovalView, BudgetAlert } from '@weft/contracts'

/** A message to deliver, and to whom. */
export interface Notification {
  id: string
  tenant: string
  channel: 'webhook' | 'email' | 'pubsub'
  /** By channel: the id of a webhook, a mail address, or a topic. */
  target: string
  /** The id of the approval, or the budget and its period, that the message is about. */
  subjectId: string
  /** How often delivery was tried, this time included. */
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
  /** Targets for which nothing is taken this time. */
  busyTargets: string[]
}

export interface NotificationStore {
  /** Takes notifications that are due, so that no other worker takes them within `leaseMs`. Those that were not tried yet come before those that failed. */
  take(options: TakeOptions): Promise<Notification[]>
  noteDelivered(id: string): Promise<void>
  /** When `retryInMs` is undefined, the notification is given up. */
  noteFailed(id: string, failure: { error: string; retryInMs: number | undefined }): Promise<void>
  /** Deletes what was delivered or given up and is older than `keptMs`. Nothing is lost by it, because the approvals and budgets themselves stay. */
  forget(options: { keptMs: number; attemptsMax: number }): Promise<void>
}
