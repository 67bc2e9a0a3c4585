import { PutBudget, parseValue } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { tenantOf } from '../../http/request-context.ts'
import type { BudgetDeps } from './budget-deps.ts'
import { budgetObject } from './budget-object.ts'
import { requireOperatorFor } from './service-budgets.ts'

/** `PUT /v1/budgets`: sets the budget of a scope, an id and a period, or changes it; what it has spent stays spent. */
export function putBudget({ store, forget }: BudgetDeps): RequestHandler {
  return async (request, response) => {
    const tenant = tenantOf(response)
    const wanted = parseValue(PutBudget, request.body ?? {}, 'the budget')
    requireOperatorFor(wanted.scope, tenant)
    const budget = await store.put(tenant, wanted)
    forget(tenant)
    response.json(budgetObject(budget))
  }
}
