import type { RequestHandler, Router } from 'express'
import type { BudgetDeps } from './budget-deps.ts'
import { deleteBudget } from './delete-budget.ts'
import { listBudgets } from './list-budgets.ts'
import { putBudget } from './put-budget.ts'

/** Budgets: what may be spent. For administrators of the tenant. */
export function mountBudgets(router: Router, deps: BudgetDeps, isAdmin: RequestHandler): void {
  router.get('/v1/budgets', isAdmin, listBudgets(deps))
  router.put('/v1/budgets', isAdmin, putBudget(deps))
  router.delete('/v1/budgets/:budgetId', isAdmin, deleteBudget(deps))
}
