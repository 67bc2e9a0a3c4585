import type { PutBudget } from '@weft/contracts'
import type { Budget } from './core/budget.ts'

/** A budget with its account in the period of now. */
export interface BudgetState extends Budget {
  spentNano: number
  /** Set aside for calls under way, or given out to processes that will. */
  reservedNano: number
  startMs: number
  /** undefined: it never renews. */
  endMs: number | undefined
}

export interface BudgetStore {
  /** Those that bound calls of this tenant: its own and the service’s. */
  bounding(tenant: string): Promise<Budget[]>
  /** The same with their accounts, in the order in which they were made. */
  list(tenant: string): Promise<BudgetState[]>
  find(id: string): Promise<BudgetState | undefined>
  /** Replaces the budget of the same scope, id and period; what it has spent stays. */
  put(tenant: string, budget: PutBudget): Promise<BudgetState>
  /** Whether there was one. */
  remove(id: string): Promise<boolean>
}

/** Budgets of a tenant at most: each that bounds a call is looked at with it. */
export const budgetsMax = 1_000
