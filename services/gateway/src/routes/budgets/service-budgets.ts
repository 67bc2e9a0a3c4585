import { WeftError } from '@weft/contracts'
import type { BudgetState } from '@weft/models'
import { operatorTenant } from '../../core/tenant.ts'

/** A budget of the service bounds all tenants together: only whoever runs the installation sees and sets it. */
export function isVisibleTo(budget: Pick<BudgetState, 'scope' | 'tenant'>, tenant: string): boolean {
  return budget.scope === 'service' ? tenant === operatorTenant : budget.tenant === tenant
}

export function requireOperatorFor(scope: BudgetState['scope'], tenant: string): void {
  if (scope !== 'service' || tenant === operatorTenant) return
  const message = `a budget of scope "service" is set with an admin key of the tenant "${operatorTenant}"`
  throw new WeftError('permission_denied', message, { param: 'scope' })
}
