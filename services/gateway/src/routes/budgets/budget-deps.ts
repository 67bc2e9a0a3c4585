import type { ListPlaces } from '../../http/list-places.ts'
import type { BudgetStore } from '@weft/models'
import type { AuditLog } from '../../audit/audit-log.ts'

export interface BudgetDeps {
  store: Pick<BudgetStore, 'list'>
  places: ListPlaces
  audit: Pick<AuditLog, 'act'>
  /** Drops what is cached of the tenant's budgets, so that its next call goes by what was put or removed. */
  forget(tenant: string): void
}
