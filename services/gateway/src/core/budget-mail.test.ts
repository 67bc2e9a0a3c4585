import { expect, it } from '@jest/globals'
import { budgetMail } from './budget-mail.ts'

it('a letter about a small budget tells what is spent of it, not what that is in cents', () => {
  const alert = {
    budgetId: 'bud_1',
    scope: 'tenant',
    period: 'day',
    percent: 50,
    limitUsd: 0.005,
    spentUsd: 0.0025,
    onBreach: 'reject',
  } as const
  expect(budgetMail(alert).text).toContain('0.0025 USD of 0.005 USD of the budget of the tenant for the day are spent.')
})
