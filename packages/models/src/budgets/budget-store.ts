import type { PutBudget } from '@weft/contracts'
import type { Budget } from './core/budget.ts'

/** A budget with its account in the current period. */
export interface BudgetState extends Budget {
  spentNano: number
  /** Set aside for calls under way, or leased to processes for their next calls. */
  reservedNano: number
  startMs: number
  /** When the budget renews; undefined: never. */
  endMs: number | undefined
}

export interface BudgetStore {
  /** The budgets that bound calls of this tenant: its own, and those of the service. */
  bounding(tenant: string): Promise<Budget[]>
  /** The same budgets with their accounts, oldest first. */
  list(tenant: string): Promise<BudgetState[]>
  find(id: string): Promise<BudgetState | undefined>
  /** Replaces the budget of the same scope, id and period; what it has spent stays. */
  put(tenant: string, budget: PutBudget): Promise<BudgetState>
  /** Answers whether there was one. */
  remove(id: string): Promise<boolean>
}

/** How many budgets a tenant may have. Every call goes through those that bound it. */
export const budgetsMax = 1_000
