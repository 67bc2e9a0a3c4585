import { expect, it } from '@jest/globals'
import { ExecuteRequest } from '@weft/contracts'
import { ModelError } from '../model-error.ts'
import { approvedBudgets, budgetQuestion } from './budget-question.ts'

const breach = (onBreach: 'ask' | 'reject') =>
  new ModelError('budget_exceeded', 'no room', { budget: { id: 'bud_1', onBreach, worstNano: 12_000_000 } }).toWeftError()

it('a step asks for what a budget that asks has no room for, and for nothing else', () => {
  expect(budgetQuestion(breach('ask'))).toMatchObject({
    type: 'needs_approval',
    reason: 'no room',
    args: { budgetId: 'bud_1', mayCostUsd: 0.012 },
  })
  expect(budgetQuestion(breach('reject'))).toBeUndefined()
  expect(budgetQuestion(new Error('no room'))).toBeUndefined()
})

it('a decision lets the step exceed the budget it was asked about, if it was approved', () => {
  const decision = { approvalId: 'appr_1', kind: 'agent', by: 'ann', args: { budgetId: 'bud_1' } }
  const request = ExecuteRequest.parse({
    sessionId: 'sess_1',
    turn: 1,
    stepId: 'answer',
    attempt: 2,
    capability: 'reason',
    params: {
      approvals: [
        { ...decision, decision: 'approve' },
        { ...decision, decision: 'reject', args: { budgetId: 'bud_2' } },
        { ...decision, decision: 'approve', args: { amount: 7 } },
      ],
    },
    input: { messages: [] },
    dependencies: {},
    deadline: new Date().toISOString(),
  })
  expect(approvedBudgets(request)).toEqual(['bud_1'])
  expect(approvedBudgets({ ...request, params: {} })).toEqual([])
})
