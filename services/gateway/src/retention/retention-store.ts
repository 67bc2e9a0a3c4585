import type { ChainAnchor } from '../audit/verify-chain.ts'
import type { AuditNote } from '../audit/audit-log.ts'
import type { ChainName } from '../audit/postgres-anchors.ts'
import type { Actor } from '../core/actor.ts'
import type { RetentionLimits } from '../core/retention-limits.ts'
import type { UsageCall } from '../usage/usage-store.ts'

/** A session of a family (a session and all that it opened) that has ended long enough ago. */
export interface OldSession {
  sessionId: string
  /** The session that opened the family: the session itself, unless another one opened it. */
  rootSessionId: string
  updatedAt: string
  lastSeq: number
  /** The last of its events that is in the archive; undefined when the session is not there. */
  archivedSeq: number | undefined
}

export interface DueCount {
  count: number
  oldest: string | undefined
}

export type Due = Record<'sessions' | 'calls' | 'audit' | 'approvals', DueCount>

/** The note of a removal in the audit log, written in the transaction of the removal. */
export interface RemovalNote {
  by: Actor
  note: AuditNote
}

/** What is old in the database. A day has 24 hours, and the database's clock decides what is due. Every method throws what the database throws. */
export interface RetentionStore {
  /** Every tenant that has anything which might become old. */
  tenants(): Promise<string[]>
  /** Takes the tenant's lease, or extends it; resolves to false while another holder has it. A lease ends by itself after half a minute. */
  holdLease(tenant: string, holder: string): Promise<boolean>
  releaseLease(tenant: string, holder: string): Promise<void>
  /** How much is due now. For chains this includes lines that have to wait for an earlier line. */
  due(tenant: string, limits: RetentionLimits): Promise<Due>
  /** The roots of families that are due, oldest first, beginning after the one that was looked at last. */
  oldSessions(query: { tenant: string; days: number; after: OldSession | undefined; limit: number }): Promise<OldSession[]>
  /** These roots and the sessions that they opened. */
  families(tenant: string, roots: string[]): Promise<OldSession[]>
  noteArchived(tenant: string, sessions: OldSession[]): Promise<void>
  /** Calls that are due, oldest first. None of the current month, because its budgets count them. */
  oldCalls(query: { tenant: string; days: number; limit: number }): Promise<UsageCall[]>
  removeCalls(tenant: string, calls: UsageCall[], told: RemovalNote): Promise<void>
  /** The ids of those sessions that have not ended. */
  unfinished(tenant: string, sessionIds: string[]): Promise<Set<string>>
  /** Removes the lines of a chain up to `last`, which becomes the anchor that the first remaining line follows. */
  removeLines(lines: { tenant: string; chain: ChainName; last: ChainAnchor }, told: RemovalNote): Promise<void>
  /** For each history from which something was removed: when the newest of what was removed had happened. */
  removedUntil(tenant: string): Promise<Partial<Record<'calls' | ChainName, string>>>
}
