import { expect, it } from '@jest/globals'
import { outputTokensWithin, worstCaseNano } from './worst-case.ts'

const price = { inputUsd: 2, outputUsd: 10 }
const model = { price, contextTokens: 100_000, outputTokensMax: 4_000 }
const call = { kind: 'chat' as const, model, inputBytes: 1_000, answers: 1 }

it('a call costs at most a token for each byte, and the longest answer that request and model allow', () => {
  expect(worstCaseNano({ ...call, outputTokensMax: 500 })).toBe(7_000_000)
  expect(worstCaseNano(call)).toBe(42_000_000)
  expect(worstCaseNano({ ...call, outputTokensMax: 1_000_000 })).toBe(42_000_000)
  expect(worstCaseNano({ ...call, outputTokensMax: 500, answers: 3 })).toBe(17_000_000)
  expect(worstCaseNano({ ...call, kind: 'embedding' })).toBe(2_000_000)
})

it('what bytes do not bound counts besides, within the window', () => {
  expect(worstCaseNano({ ...call, mediaTokens: 48_169, outputTokensMax: 500 })).toBe(7_000_000 + 2 * 48_169_000)
  expect(worstCaseNano({ ...call, mediaTokens: 2_097_152, outputTokensMax: 1 })).toBe(200_010_000)
})

it('a model takes no more than its window, and may bill a long input at other rates as a whole', () => {
  expect(worstCaseNano({ ...call, inputBytes: 5_000_000, outputTokensMax: 1 })).toBe(200_010_000)
  const long = { inputUsd: 4, outputUsd: 15, aboveInputTokens: 50_000 }
  expect(worstCaseNano({ ...call, model: { ...model, price: { ...price, long } }, outputTokensMax: 100 })).toBe(5_500_000)
  const thinking = { ...price, cacheWriteUsd: 3, reasoningUsd: 20 }
  expect(worstCaseNano({ ...call, model: { ...model, price: thinking }, outputTokensMax: 100 })).toBe(5_000_000)
})

it('a model without a price has no worst case', () => {
  expect(worstCaseNano({ ...call, model: {} })).toBeUndefined()
})

it('an answer is cut to what can be paid, and no call is made whose question alone costs more', () => {
  const cut = outputTokensWithin(call, 12_000_000)
  expect(cut).toBe(1_000)
  expect(worstCaseNano(call, cut)).toBe(12_000_000)
  expect(outputTokensWithin(call, 1_999_999)).toBeUndefined()
  expect(outputTokensWithin(call, 2_100_000)).toBeUndefined()
  expect(outputTokensWithin({ ...call, outputTokensMax: 10 }, 2_100_000)).toBe(10)
  expect(outputTokensWithin(call, 1_000_000_000)).toBe(4_000)
})
