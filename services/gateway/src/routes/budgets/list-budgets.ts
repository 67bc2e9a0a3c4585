import type { RequestHandler } from 'express'
import { tenantOf } from '../../http/request-context.ts'
import { sendList } from '../send-list.ts'
import type { BudgetDeps } from './budget-deps.ts'
import { budgetObject } from './budget-object.ts'
import { isVisibleTo } from './service-budgets.ts'

/** `GET /v1/budgets`: the tenant's budgets, with what is spent and set aside in the period of now. */
export function listBudgets({ store }: Pick<BudgetDeps, 'store'>): RequestHandler {
  return async (request, response) => {
    const tenant = tenantOf(response)
    const budgets = await store.list(tenant)
    const items = budgets.filter((budget) => isVisibleTo(budget, tenant)).map(budgetObject)
    sendList(request, response, { items, idOf: ({ budgetId }) => budgetId })
  }
}
