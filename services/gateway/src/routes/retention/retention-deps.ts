import type { RetentionLimits } from '../../core/retention-limits.ts'
import type { ArchiveFolder } from '../../retention/archive-folder.ts'
import type { RetentionStore } from '../../retention/retention-store.ts'
import type { Swept, SweepWish } from '../../retention/sweep-tenant.ts'

export interface RetentionDeps {
  store: Pick<RetentionStore, 'due' | 'removedUntil'>
  archive: Pick<ArchiveFolder, 'folder' | 'problem'>
  limitsOf(tenant: string): RetentionLimits
  sweep(wish: SweepWish): Promise<Swept>
}
