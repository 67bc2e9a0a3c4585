import { beforeEach, expect, it } from '@jest/globals'
import type { Budget } from './core/budget.ts'
import { nanoUsd } from './core/nano-usd.ts'
import { type BudgetedCall, createBudgetGate, type SpendingGate } from './create-budget-gate.ts'
import { createHeldPortions, type HeldPortions } from './held-portions.ts'
import { createModelBank, type ModelBank } from './testing/model-bank.ts'

/** One token costs a millionth of a dollar either way: this call costs 0.01 USD at most. */
const model = { id: 'openai/m', price: { inputUsd: 1, outputUsd: 1 }, contextTokens: 100_000, outputTokensMax: 9_000 }
const scope = { tenant: 'acme', user: 'ann', sessionId: 'sess_1', agent: 'gateway' }
const call: BudgetedCall = { kind: 'chat', model, scope, inputBytes: 1_000, answers: 1 }
const startMs = Date.UTC(2026, 10, 30, 12)

let budgets: Budget[]
let nowMs: number
/** How far the clock was set ahead. */
let setByMs: number
let bank: ModelBank
let asked: number
let heard: number
let isDown: boolean
/** What happens while a call waits. */
let meanwhile: () => void

beforeEach(() => {
  budgets = []
  nowMs = startMs
  setByMs = 0
  asked = 0
  heard = 0
  isDown = false
  meanwhile = () => undefined
  bank = createModelBank((id) => budgets.find((budget) => budget.id === id)?.limitNano ?? 0)
})

const steadyMs = () => nowMs - setByMs

function setClock(byMs: number): void {
  nowMs += byMs
  setByMs += byMs
}

function addBudget(limitUsd: number, more: Partial<Budget> = {}): Budget {
  const id = `bud_${budgets.length}`
  const added: Budget = {
    id,
    tenant: 'acme',
    scope: 'tenant',
    scopeId: '',
    period: 'day',
    limitNano: nanoUsd(limitUsd),
    onBreach: 'reject',
    ...more,
  }
  budgets.push(added)
  return added
}

function startGate(holder = 'one'): { gate: SpendingGate; portions: HeldPortions } {
  const watched = {
    ...bank,
    take: async (...[by, asks]: Parameters<ModelBank['take']>) => {
      asked += 1
      if (isDown) throw new Error('connection refused')
      return bank.take(by, asks)
    },
    renew: async (...[by, returned]: Parameters<ModelBank['renew']>) => {
      heard += 1
      return bank.renew(by, returned)
    },
  }
  const portions = createHeldPortions({ bank: watched, holder, leaseMs: 15_000, nowMs: () => nowMs, steadyMs })
  const gate = createBudgetGate({
    portions,
    nowMs: () => nowMs,
    steadyMs,
    book: { find: () => budgets },
    sleep: async (ms, signal) => {
      nowMs += ms
      meanwhile()
      signal?.throwIfAborted()
    },
  })
  return { gate, portions }
}

const today = (budget: Budget) => bank.account({ budgetId: budget.id, periodStartMs: Date.UTC(2026, 10, 30) })

it('asks the bank once, and then draws from what it holds without waiting', async () => {
  addBudget(1_000)
  const { gate } = startGate()
  await gate.reserve(call)
  for (let n = 0; n < 50; n += 1) expect(gate.reserve(call)).not.toBeInstanceOf(Promise)
  expect(asked).toBe(1)
})

it('a call that nothing bounds, or that costs nothing, passes even where nothing may be spent', async () => {
  expect(startGate().gate.reserve(call)).not.toBeInstanceOf(Promise)
  addBudget(0)
  const { gate } = startGate()
  const free = { ...model, price: { inputUsd: 0, outputUsd: 0 } }
  expect(gate.reserve({ ...call, model: free })).not.toBeInstanceOf(Promise)
  await expect(gate.reserve(call)).rejects.toMatchObject({ code: 'budget_exceeded' })
})

it('every budget that bounds a call must have room, and the one that has none is named with its limit and renewal', async () => {
  const wide = addBudget(100)
  addBudget(0.025, { scope: 'user', scopeId: 'ann', period: 'month' })
  const { gate } = startGate()
  const [first] = [await gate.reserve(call), await gate.reserve(call)]
  await expect(gate.reserve(call)).rejects.toMatchObject({
    code: 'budget_exceeded',
    isRetryable: false,
    message:
      'The budget of user "ann" for the month has 0.005 USD of 0.025 USD left, and this call may cost 0.01 USD. ' +
      'It renews at 2026-12-01T00:00:00.000Z.',
  })
  first?.settle(0.002)
  await gate.reserve(call)
  expect(today(wide).leasedNano).toBeLessThanOrEqual(wide.limitNano)
})

it('what a call did not need can be spent by the next, and nothing twice', async () => {
  const budget = addBudget(0.01)
  const { gate, portions } = startGate()
  const reserved = await gate.reserve(call)
  reserved.release()
  reserved.settle(5)
  const again = await gate.reserve(call)
  again.settle(0.004)
  bank.count({ budgetId: budget.id, periodStartMs: Date.UTC(2026, 10, 30) }, 'one', nanoUsd(0.004))
  await portions.renew(true)
  expect(today(budget)).toMatchObject({ spentNano: nanoUsd(0.004), leasedNano: 0 })
  await expect(gate.reserve(call)).rejects.toThrow('0.006 USD of 0.01 USD left')
})

it('a budget that degrades cuts the answer to what fits, and refuses where even the question does not', async () => {
  addBudget(0.004, { onBreach: 'degrade' })
  const { gate } = startGate()
  expect(await gate.reserve(call)).toMatchObject({ outputTokensMax: 3_000 })
  await expect(gate.reserve(call)).rejects.toMatchObject({ code: 'budget_exceeded' })
})

it('a budget that throttles has calls wait for room, and tells when to come back if none comes', async () => {
  addBudget(0.01, { onBreach: 'throttle' })
  const { gate } = startGate()
  const first = await gate.reserve(call)
  meanwhile = () => first.settle(0)
  const second = await gate.reserve(call)
  meanwhile = () => undefined
  const beganMs = nowMs
  await expect(gate.reserve(call)).rejects.toMatchObject({ code: 'rate_limit_exceeded', retryAfterMs: 60_000 })
  expect(nowMs - beganMs).toBeLessThanOrEqual(10_000)
  second.release()
})

it('whoever leaves while a call waits for room waits no longer, and takes nothing', async () => {
  const budget = addBudget(0.01, { onBreach: 'throttle' })
  const { gate } = startGate()
  const first = await gate.reserve(call)
  const reader = new AbortController()
  meanwhile = () => reader.abort()
  const beganMs = nowMs
  await expect(gate.reserve({ ...call, signal: reader.signal })).rejects.toMatchObject({ code: 'cancelled' })
  expect(nowMs - beganMs).toBeLessThan(100)
  first.release()
  await gate.reserve(call)
  expect(today(budget).leasedNano).toBeLessThanOrEqual(budget.limitNano)
})

it('a call that must be whole is refused where its answer would be cut, with what is left', async () => {
  addBudget(0.004, { onBreach: 'degrade' })
  await expect(startGate().gate.reserve({ ...call, mustBeWhole: true })).rejects.toMatchObject({
    code: 'budget_exceeded',
    budget: { onBreach: 'degrade', room: { leftNano: nanoUsd(0.004) } },
  })
})

it('a budget that asks says that more needs an approval; of several the strictest decides', async () => {
  addBudget(0.001, { onBreach: 'throttle' })
  const asking = addBudget(0.001, { onBreach: 'ask' })
  const { gate } = startGate()
  await expect(gate.reserve(call)).rejects.toMatchObject({
    message: expect.stringContaining('More needs an approval.'),
    budget: { id: asking.id, onBreach: 'ask' },
  })
})

it('a person may let a call exceed a budget that asks, and no other', async () => {
  const asking = addBudget(0.001, { onBreach: 'ask' })
  const { gate } = startGate()
  await gate.reserve({ ...call, approvedBudgets: [asking.id] })
  const strict = addBudget(0.001)
  await expect(gate.reserve({ ...call, approvedBudgets: [asking.id, strict.id] })).rejects.toMatchObject({
    budget: { id: strict.id },
  })
})

it('refuses a model without a price: nobody could say what it spends', () => {
  addBudget(1)
  expect(() => startGate().gate.reserve({ ...call, model: { id: 'ollama/llama' } })).toThrow('ollama/llama has no price')
})

it('draws from nothing whose lease may have run out, and spends nothing that cannot be counted', async () => {
  addBudget(1_000)
  const { gate } = startGate()
  await gate.reserve(call)
  nowMs += 20_000
  expect(gate.reserve(call)).toBeInstanceOf(Promise)
  isDown = true
  addBudget(1_000)
  await expect(gate.reserve(call)).rejects.toMatchObject({ code: 'ledger_unavailable', isRetryable: true })
})

it('spends in each day what is that day’s', async () => {
  addBudget(0.01)
  const { gate } = startGate()
  await gate.reserve(call)
  await expect(gate.reserve(call)).rejects.toThrow('renews at 2026-12-01')
  nowMs = Date.UTC(2026, 11, 1)
  await gate.reserve(call)
})

it('goes by the day that the clock was set to, and by its lease as long as that lasts', async () => {
  addBudget(1)
  const { gate } = startGate()
  await gate.reserve(call)
  setClock(-7_200_000)
  expect(gate.reserve(call)).not.toBeInstanceOf(Promise)
  nowMs += 20_000
  expect(gate.reserve(call)).toBeInstanceOf(Promise)
  for (let n = 0; n < 97; n += 1) await gate.reserve(call)
  await expect(gate.reserve(call)).rejects.toThrow('renews at 2026-12-01')
  setClock(86_400_000)
  await gate.reserve(call)
})

it('gives back within seconds what an idle process holds, so that others find it', async () => {
  addBudget(1)
  const { gate, portions } = startGate()
  const reserved = await gate.reserve(call)
  reserved.release()
  await portions.renew()
  await portions.renew()
  const other = startGate('two').gate
  for (let n = 0; n < 100; n += 1) await other.reserve(call)
  await expect(other.reserve(call)).rejects.toMatchObject({ code: 'budget_exceeded' })
})

it.each(['reject', 'ask', 'degrade'] as const)(
  'a call waits for what a process that died holds of a budget (%s), and is let through once that is free',
  async (onBreach) => {
    const budget = addBudget(0.01, { onBreach })
    await startGate('dead').gate.reserve(call)
    bank.silence('dead')
    meanwhile = () => {
      if (nowMs - startMs > 8_000) void bank.release('dead')
    }
    await startGate().gate.reserve(call)
    expect(today(budget).leasedNano).toBeLessThanOrEqual(budget.limitNano)
  },
)

it('a call that finds no room for what a silent process holds may be tried again', async () => {
  addBudget(0.01)
  await startGate('dead').gate.reserve(call)
  bank.silence('dead')
  await expect(startGate().gate.reserve(call)).rejects.toMatchObject({ code: 'budget_exceeded', isRetryable: true })
  expect(nowMs - startMs).toBeLessThanOrEqual(10_000)
})

it('a call does not wait for what is spent, nor for long for what a process holds that lives', async () => {
  const budget = addBudget(0.015)
  await startGate('alive').gate.reserve(call)
  const { gate } = startGate()
  await expect(gate.reserve(call)).rejects.toMatchObject({ code: 'budget_exceeded', isRetryable: false })
  expect(nowMs - startMs).toBeLessThan(2_000)
  bank.count({ budgetId: budget.id, periodStartMs: Date.UTC(2026, 10, 30) }, 'alive', nanoUsd(0.008))
  const beganMs = nowMs
  await expect(gate.reserve(call)).rejects.toMatchObject({ code: 'budget_exceeded', isRetryable: false })
  expect(nowMs).toBe(beganMs)
})

it('a process shows that it lives while its calls are under way', async () => {
  addBudget(1)
  const { gate, portions } = startGate()
  const reserved = await gate.reserve(call)
  await portions.renew()
  const before = heard
  for (let n = 0; n < 3; n += 1) await portions.renew()
  expect(heard - before).toBe(3)
  reserved.release()
  for (let n = 0; n < 3; n += 1) await portions.renew()
  const idle = heard
  await portions.renew()
  expect(heard).toBe(idle)
})
