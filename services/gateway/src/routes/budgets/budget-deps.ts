import type { ListPlaces } from '../../http/list-places.ts'
import type { BudgetStore } from '@weft/models'
import type { AuditLog } from '../../audit/audit-log.ts'

export interface BudgetDeps {
  store: Pick<BudgetStore, 'list'>
  places: ListPlaces
  audit: Pick<AuditLog, 'act'>
  /** Has the next call of the tenant see what was put or removed. */
  forget(tenant: string): void
}
