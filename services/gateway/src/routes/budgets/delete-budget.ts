import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { actorOf } from '../../http/request-context.ts'
import type { BudgetDeps } from './budget-deps.ts'
import { isVisibleTo } from './service-budgets.ts'

/** `DELETE /v1/budgets/{budgetId}`: the budget no longer bounds anything. */
export function deleteBudget({ audit, forget }: Pick<BudgetDeps, 'audit' | 'forget'>): RequestHandler {
  return async (request, response) => {
    const by = actorOf(response)
    const { tenant } = by
    const budgetId = String(request.params.budgetId)
    await audit.act(by, async ({ budgets }, note) => {
      const budget = await budgets.find(budgetId)
      if (budget === undefined || !isVisibleTo(budget, tenant) || !(await budgets.remove(budgetId)))
        throw new WeftError('not_found', 'no such budget', { param: 'budgetId' })
      const { scope, scopeId, period } = budget
      note({ action: 'budget.deleted', target: budgetId, details: { scope, id: scopeId, period } })
    })
    forget(tenant)
    response.json({ budgetId, object: 'budget', deleted: true })
  }
}
