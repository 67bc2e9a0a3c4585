import { beforeEach, expect, it } from '@jest/globals'
import { createBudgetBook } from './budget-book.ts'
import type { Budget } from './core/budget.ts'

const budget: Budget = {
  id: 'bud_1',
  tenant: 'acme',
  scope: 'tenant',
  scopeId: '',
  period: 'day',
  limitNano: 1,
  onBreach: 'reject',
}
const spender = { tenant: 'acme', user: 'ann', sessionId: 'sess_1', agent: 'gateway' }
let budgets: Budget[]
let nowMs: number
let reads: number
const book = () =>
  createBudgetBook(
    async () => {
      reads += 1
      return budgets
    },
    () => nowMs,
  )

beforeEach(() => {
  budgets = [budget]
  nowMs = 0
  reads = 0
})

it.each([
  [{ scope: 'service' as const, tenant: 'default' }, true],
  [{ scope: 'tenant' as const }, true],
  [{ scope: 'tenant' as const, tenant: 'other' }, false],
  [{ scope: 'user' as const, scopeId: 'ann' }, true],
  [{ scope: 'user' as const, scopeId: 'bob' }, false],
  [{ scope: 'user' as const, scopeId: 'ann', tenant: 'other' }, false],
  [{ scope: 'session' as const, scopeId: 'sess_1' }, true],
  [{ scope: 'agent' as const, scopeId: 'gateway' }, true],
  [{ scope: 'agent' as const, scopeId: 'rag' }, false],
])('a budget %j bounds the call: %s', async (more, isBounding) => {
  budgets = [{ ...budget, ...more }]
  expect(await book().find(spender)).toEqual(isBounding ? budgets : [])
})

it('a busy tenant’s budgets are read beside its calls, and a change counts within three seconds', async () => {
  const { find, forget } = book()
  await Promise.all([find(spender), find(spender)])
  expect(reads).toBe(1)
  budgets = []
  nowMs = 1_500
  expect(find(spender)).toEqual([budget])
  await Promise.resolve()
  nowMs = 1_600
  await new Promise(setImmediate)
  expect(find(spender)).toEqual([])
  budgets = [budget]
  nowMs = 4_800
  expect(await find(spender)).toEqual([budget])
  budgets = []
  forget('acme')
  expect(await find(spender)).toEqual([])
})
