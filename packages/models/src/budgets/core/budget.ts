import type { BudgetBreach, BudgetPeriod, BudgetScope } from '@weft/contracts'

/** A limit on what one scope spends in a period. */
export interface Budget {
  id: string
  /** The tenant that it belongs to. A budget of scope `service` bounds all tenants together. */
  tenant: string
  scope: BudgetScope
  /** The user, session or agent; empty for other scopes. */
  scopeId: string
  period: BudgetPeriod
  limitNano: number
  onBreach: BudgetBreach
}

/** On whose account something is spent. */
export interface Spender {
  tenant: string
  user?: string | undefined
  sessionId?: string | undefined
  agent: string
}

/** Whether a budget bounds what this spender spends. */
export function holdsFor(budget: Budget, { tenant, user, sessionId, agent }: Spender): boolean {
  if (budget.scope === 'service') return true
  if (budget.tenant !== tenant) return false
  switch (budget.scope) {
    case 'tenant':
      return true
    case 'user':
      return budget.scopeId === user
    case 'session':
      return budget.scopeId === sessionId
    case 'agent':
      return budget.scopeId === agent
  }
}
