import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { tenantOf } from '../../http/request-context.ts'
import type { BudgetDeps } from './budget-deps.ts'
import { isVisibleTo } from './service-budgets.ts'

/** `DELETE /v1/budgets/{budgetId}`: bounds nothing any more. */
export function deleteBudget({ store, forget }: BudgetDeps): RequestHandler {
  return async (request, response) => {
    const tenant = tenantOf(response)
    const budgetId = String(request.params.budgetId)
    const budget = await store.find(budgetId)
    if (budget === undefined || !isVisibleTo(budget, tenant) || !(await store.remove(budgetId)))
      throw new WeftError('not_found', 'no such budget', { param: 'budgetId' })
    forget(tenant)
    response.json({ budgetId, object: 'budget', deleted: true })
  }
}
