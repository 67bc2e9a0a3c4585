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
  /** By tenant, how far a sweep came that ran out of time: the next one goes on there, or what cannot go would keep all behind it for ever. */
  rounds: Map<string, SweepRound>
}

export interface SweepRound {
  /** Whether all its sessions were looked at. */
  hasSeenSessions: boolean
  /** The last one that was. */
  after: OldSession | undefined
}

/** What one batch of a sweep goes by. */
export interface SweepBatch {
  tenant: string
  limits: RetentionLimits
  by: Actor
  /** Throws once another process may be sweeping this tenant. */
  confirm(): Promise<void>
}

export interface SweptBatch {
  removed: number
  /** Why some of it stays. */
  problems: unknown[]
  /** The next batch; undefined when no more is due. */
  next: (() => Promise<SweptBatch>) | undefined
  /** The last session that was looked at. */
  after?: OldSession | undefined
}
