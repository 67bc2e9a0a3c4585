import { expect, it } from '@jest/globals'
import { createSpendingLimit } from './spending-limit.ts'

const model = { price: { inputUsd: 1, outputUsd: 1 }, contextTokens: 100_000, outputTokensMax: 9_000 }
const call = { kind: 'chat' as const, model, inputBytes: 1_000, answers: 1 }

it('calls of a step that run at once do not together cost more than the step may', () => {
  const limit = createSpendingLimit(0.015)
  const first = limit.reserve(call)
  expect(first.outputTokensMax).toBeUndefined()
  expect(limit.reserve(call)).toMatchObject({ outputTokensMax: 4_000 })
  expect(() => limit.reserve(call)).toThrow('The step has 0.00 USD of 0.015 USD left, and this call may cost 0.01 USD.')
  first.settle(0.002)
  first.settle(0.002)
  expect(limit.reserve(call)).toMatchObject({ outputTokensMax: 7_000 })
})

it('a step that may cost nothing makes no call that costs something, and any that is free', () => {
  const limit = createSpendingLimit(0)
  expect(() => limit.reserve(call)).toThrow('0.00 USD of 0.00 USD left')
  expect(limit.reserve({ ...call, model: { price: { inputUsd: 0, outputUsd: 0 } } }).outputTokensMax).toBeUndefined()
  expect(() => limit.reserve({ ...call, model: {} })).toThrow('has no price')
})
