import type { ApiOperation } from './openapi-operation.ts'

export const budgetOperations: ApiOperation[] = [
  {
    id: 'listBudgets',
    method: 'get',
    path: '/v1/budgets',
    summary: 'What may be spent, and what is spent and set aside in the period of now',
    scope: 'admin',
    query: ['limit', 'after'],
  },
  {
    id: 'putBudget',
    method: 'put',
    path: '/v1/budgets',
    summary: 'Sets or changes the budget of a scope, id and period',
    scope: 'admin',
    body: { schema: 'PutBudget' },
  },
  { id: 'deleteBudget', method: 'delete', path: '/v1/budgets/{budgetId}', summary: 'Bounds nothing any more', scope: 'admin' },
]
