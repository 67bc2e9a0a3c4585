import type { BudgetState } from '@weft/models'
import { operatorTenant, requireOperator } from '../../core/tenant.ts'

/** Whether a tenant may see a budget. One of scope `service` bounds all tenants together, so only the operator sees and sets it. */
export function isVisibleTo(budget: Pick<BudgetState, 'scope' | 'tenant'>, tenant: string): boolean {
  return budget.scope === 'service' ? tenant === operatorTenant : budget.tenant === tenant
}

export function requireOperatorFor(scope: BudgetState['scope'], tenant: string): void {
  if (scope === 'service') requireOperator(tenant, 'a budget of scope "service" is set', { param: 'scope' })
}
