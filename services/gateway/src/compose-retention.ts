import type { Database } from '@weft/database'
import type { HealthCheck } from '@weft/mesh'
import { createPostgresApprovals } from './approvals/postgres-approvals.ts'
import type { AuditLog } from './audit/audit-log.ts'
import { limitsOf as limitsBy } from './core/retention-limits.ts'
import type { Log } from './log.ts'
import { createArchiveFolder } from './retention/archive-folder.ts'
import { createBesideSession } from './retention/postgres-beside-session.ts'
import { createPostgresRetention } from './retention/postgres-retention.ts'
import { createRetentionWorker, type RetentionWorker } from './retention/retention-worker.ts'
import { type SweepWish, sweepTenant } from './retention/sweep-tenant.ts'
import type { RetentionDeps } from './routes/retention/retention-deps.ts'
import type { Sessions } from './sessions/dapr-sessions.ts'
import { createPostgresSessionLog } from './sessions/postgres-sessions.ts'
import type { GatewaySettings } from './settings.ts'
import { createPostgresUsage } from './usage/postgres-usage.ts'

/** What is kept for a time alone, and where it goes then. */
export function composeRetention(parts: {
  settings: GatewaySettings
  database: Database
  sessions: Pick<Sessions, 'expire'>
  audit: AuditLog
  logger: Log
}): { retention: RetentionDeps; worker: RetentionWorker; check: HealthCheck } {
  const { settings, database, sessions, audit, logger } = parts
  const store = createPostgresRetention(database)
  const archive = createArchiveFolder({ folder: settings.WEFT_ARCHIVE_FOLDER, nowMs: Date.now })
  const deps = {
    ...{ store, archive, sessions, audit, nowMs: Date.now, rounds: new Map() },
    approvals: createPostgresApprovals(database),
    parts: {
      log: createPostgresSessionLog(database),
      usage: createPostgresUsage(database),
      beside: createBesideSession(database),
      nowMs: Date.now,
    },
  }
  const limitsOf = (tenant: string) => limitsBy(settings, tenant)
  const sweep = (wish: SweepWish) => sweepTenant(deps, wish)
  const worker = createRetentionWorker({ tenants: store.tenants, limitsOf, sweep, logger })
  const isWell = async () =>
    worker.problem() === undefined && (archive.folder === undefined || (await archive.problem()) === undefined)
  return { retention: { store, archive, limitsOf, sweep }, worker, check: { name: 'archive', isRequired: false, check: isWell } }
}
