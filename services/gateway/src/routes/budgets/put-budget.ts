import { PutBudget, parseValue } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { actorOf } from '../../http/request-context.ts'
import type { BudgetDeps } from './budget-deps.ts'
import { budgetObject } from './budget-object.ts'
import { requireOperatorFor } from './service-budgets.ts'

/** `PUT /v1/budgets`: sets or changes the budget of a scope, an id and a period. What was spent of it stays spent. */
export function putBudget({ audit, forget }: Pick<BudgetDeps, 'audit' | 'forget'>): RequestHandler {
  return async (request, response) => {
    const by = actorOf(response)
    const { tenant } = by
    const wanted = parseValue(PutBudget, request.body ?? {}, 'the budget')
    requireOperatorFor(wanted.scope, tenant)
    const budget = await audit.act(by, async ({ budgets }, note) => {
      const put = await budgets.put(tenant, wanted)
      note({ action: 'budget.set', target: put.id, details: wanted })
      return put
    })
    forget(tenant)
    response.json(budgetObject(budget))
  }
}
