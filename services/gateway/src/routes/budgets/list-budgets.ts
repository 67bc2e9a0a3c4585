import type { RequestHandler } from 'express'
import { tenantOf } from '../../http/request-context.ts'
import { sendList } from '../send-list.ts'
import type { BudgetDeps } from './budget-deps.ts'
import { budgetObject } from './budget-object.ts'
import { isVisibleTo } from './service-budgets.ts'

/** `GET /v1/budgets`: the tenant's budgets, with what is spent and set aside in the current period. */
export function listBudgets({ store, places }: Pick<BudgetDeps, 'store' | 'places'>): RequestHandler {
  return async (request, response) => {
    const tenant = tenantOf(response)
    const budgets = await store.list(tenant)
    const items = budgets.filter((budget) => isVisibleTo(budget, tenant)).map(budgetObject)
    const behind = (id: string) => places.behind('budgets', { tenant, id })
    await sendList(request, response, { items, idOf: ({ budgetId }) => budgetId, behind })
  }
}
