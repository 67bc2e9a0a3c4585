import type { ApprovalView } from '@weft/contracts'

/** What is to be told, and to whom. */
export interface Notification {
  id: string
  tenant: string
  channel: 'webhook' | 'email' | 'pubsub'
  /** A webhook's id, an address, or a topic. */
  target: string
  approvalId: string
  /** This attempt's number. */
  attempts: number
  payload: { type: string; timestamp: string; data: ApprovalView }
}

export interface NotificationStore {
  /** Takes what is due, so that nobody else does within `leaseMs`. */
  take(options: { limit: number; leaseMs: number; attemptsMax: number }): Promise<Notification[]>
  noteDelivered(id: string): Promise<void>
  /** `retryInMs` undefined: it is given up. */
  noteFailed(id: string, failure: { error: string; retryInMs: number | undefined }): Promise<void>
}
