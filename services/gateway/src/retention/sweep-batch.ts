import type { AuditLog } from '../audit/audit-log.ts'
import type { ApprovalLog } from '../approvals/approval-log.ts'
import type { Actor } from '../core/actor.ts'
import type { RetentionLimits } from '../core/retention-limits.ts'
import type { Sessions } from '../sessions/dapr-sessions.ts'
import type { ArchiveFolder } from './archive-folder.ts'
import type { ArchiveSessionDeps } from './archive-session.ts'
import type { OldSession, RetentionStore } from './retention-store.ts'

export interface SweepDeps {
  store: RetentionStore
  archive: Pick<ArchiveFolder, 'append'>
  parts: ArchiveSessionDeps
  sessions: Pick<Sessions, 'expire'>
  audit: Pick<AuditLog, 'list' | 'note'>
  approvals: Pick<ApprovalLog, 'history'>
  nowMs: () => number
  /**
   * By tenant, how far a sweep came that ran out of time. The next one goes on from there; if it began anew, sessions that cannot be removed would forever keep it
   * from those behind them.
   */
  rounds: Map<string, SweepRound>
}

export interface SweepRound {
  /** Whether all sessions of the tenant were looked at. */
  hasSeenSessions: boolean
  /** The last session that was looked at. */
  after: OldSession | undefined
}

/** What every batch of a sweep is given. */
export interface SweepBatch {
  tenant: string
  limits: RetentionLimits
  by: Actor
  /** Extends the lease on the tenant. Throws `conflict` when another process may be sweeping it meanwhile. */
  confirm(): Promise<void>
}

export interface SweptBatch {
  removed: number
  /** Why some of what is due stays. */
  problems: unknown[]
  /** Does the next batch; undefined when no more is due. */
  next: (() => Promise<SweptBatch>) | undefined
  /** The last session that was looked at. */
  after?: OldSession | undefined
}
