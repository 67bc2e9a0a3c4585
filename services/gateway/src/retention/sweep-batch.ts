import type { AuditLog } from '../audit/audit-log.ts'
import type { ApprovalLog } from '../approvals/approval-log.ts'
import type { Actor } from '../core/actor.ts'
import type { RetentionLimits } from '../core/retention-limits.ts'
import type { Sessions } from '../sessions/dapr-sessions.ts'
import type { ArchiveFolder } from './archive-folder.ts'
import type { ArchiveSessionDeps } from './archive-session.ts'
import type { RetentionStore } from './retention-store.ts'

export interface SweepDeps {
  store: RetentionStore
  archive: Pick<ArchiveFolder, 'append'>
  parts: ArchiveSessionDeps
  sessions: Pick<Sessions, 'expire'>
  audit: Pick<AuditLog, 'list' | 'note'>
  approvals: Pick<ApprovalLog, 'history'>
  nowMs: () => number
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
}
