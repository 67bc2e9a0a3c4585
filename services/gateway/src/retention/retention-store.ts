import type { ChainAnchor } from '../audit/verify-chain.ts'
import type { AuditNote } from '../audit/audit-log.ts'
import type { ChainName } from '../audit/postgres-anchors.ts'
import type { Actor } from '../core/actor.ts'
import type { RetentionLimits } from '../core/retention-limits.ts'
import type { UsageCall } from '../usage/usage-store.ts'

/** A session whose whole family has ended long enough ago, or one of that family. */
export interface OldSession {
  sessionId: string
  /** The session itself, where no other opened it. */
  rootSessionId: string
  updatedAt: string
  lastSeq: number
  /** As of which of its events it is in the archive. */
  archivedSeq: number | undefined
}

export interface DueCount {
  count: number
  oldest: string | undefined
}

export type Due = Record<'sessions' | 'calls' | 'audit' | 'approvals', DueCount>

/** What tells of a removal, in its transaction. */
export interface RemovalNote {
  by: Actor
  note: AuditNote
}

/** What is old in the database. A day has 24 hours; what is due is reckoned by the database's clock. Every method throws what the database throws. */
export interface RetentionStore {
  /** All that have anything that might be removed. */
  tenants(): Promise<string[]>
  /** Takes the tenant's lease, or keeps it; false while another holder has it. It ends by itself half a minute later. */
  holdLease(tenant: string, holder: string): Promise<boolean>
  releaseLease(tenant: string, holder: string): Promise<void>
  /** What would go now; of chains also lines that a line before them still holds back. */
  due(tenant: string, limits: RetentionLimits): Promise<Due>
  /** Roots that are due, the oldest first, after one that was already looked at. */
  oldSessions(query: { tenant: string; days: number; after: OldSession | undefined; limit: number }): Promise<OldSession[]>
  /** These roots, and the sessions they opened. */
  families(tenant: string, roots: string[]): Promise<OldSession[]>
  noteArchived(tenant: string, sessions: OldSession[]): Promise<void>
  /** Calls that are due, the oldest first: none of the month that runs, whose budgets count them. */
  oldCalls(query: { tenant: string; days: number; limit: number }): Promise<UsageCall[]>
  removeCalls(tenant: string, calls: UsageCall[], told: RemovalNote): Promise<void>
  /** Those of these sessions that have not ended. */
  unfinished(tenant: string, sessionIds: string[]): Promise<Set<string>>
  /** Removes the lines of a chain up to this one, which the first remaining line follows. */
  removeLines(lines: { tenant: string; chain: ChainName; last: ChainAnchor }, told: RemovalNote): Promise<void>
  /** When the newest that was removed had happened. */
  removedUntil(tenant: string): Promise<Partial<Record<'calls' | ChainName, string>>>
}
