import type { BudgetStore } from '@weft/models'

export interface BudgetDeps {
  store: Pick<BudgetStore, 'list' | 'find' | 'put' | 'remove'>
  /** Has the next call of the tenant see what was put or removed. */
  forget(tenant: string): void
}
