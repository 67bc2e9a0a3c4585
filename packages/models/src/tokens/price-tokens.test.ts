import { expect, it } from '@jest/globals'
import { ModelError } from '../model-error.ts'
import { explainConnectionError } from '../upstream/explain-upstream-error.ts'
import { estimateTokensOf, priceTokens, usageOf } from './price-tokens.ts'

const price = { inputUsd: 2, outputUsd: 10, cachedInputUsd: 0.2, long: { aboveInputTokens: 1_000, inputUsd: 4, outputUsd: 15 } }

it('bills cached input at its own rate and the rest at the full one', () => {
  expect(priceTokens(price, { inputTokens: 1_000, outputTokens: 100, cachedInputTokens: 400 })).toBeCloseTo(
    (600 * 2 + 400 * 0.2 + 100 * 10) / 1e6,
    12,
  )
})

it('bills a long call as a whole at the long rate', () => {
  expect(priceTokens(price, { inputTokens: 1_001, outputTokens: 100, cachedInputTokens: 1 })).toBeCloseTo(
    (1_001 * 4 + 100 * 15) / 1e6,
    12,
  )
})

it('bills what is written into a cache, and what is only thought, at rates of their own where there are any', () => {
  const tokens = { inputTokens: 1_000, outputTokens: 100, cachedInputTokens: 400, cacheWriteTokens: 500, reasoningTokens: 40 }
  expect(priceTokens({ ...price, cacheWriteUsd: 2.5, reasoningUsd: 3 }, tokens)).toBeCloseTo(
    (100 * 2 + 400 * 0.2 + 500 * 2.5 + 60 * 10 + 40 * 3) / 1e6,
    12,
  )
  expect(priceTokens(price, tokens)).toBeCloseTo((600 * 2 + 400 * 0.2 + 100 * 10) / 1e6, 12)
})

it('says when it had to estimate, and when it knows no price', () => {
  const unknown = { id: 'x/y', provider: 'x', priceKnown: false }
  expect(usageOf(unknown, undefined, () => ({ inputTokens: 3, outputTokens: 4 }))).toEqual({
    inputTokens: 3,
    outputTokens: 4,
    costUsd: 0,
    measured: false,
    priceKnown: false,
  })
})

it('a call that fell silent may have been paid, one whose connection never stood has not', () => {
  const inputTokens = () => 30
  const silent = new ModelError('timeout', 'openai/m sent nothing for 100 ms')
  expect(estimateTokensOf({ inputTokens, outputChars: 0, failure: silent })).toEqual({ inputTokens: 30, outputTokens: 0 })
  for (const code of ['UND_ERR_CONNECT_TIMEOUT', 'ECONNREFUSED']) {
    const failure = explainConnectionError('openai', 'http://10.0.0.1/v1', Object.assign(new Error('no way'), { code }))
    expect(estimateTokensOf({ inputTokens, outputChars: 0, failure })).toEqual({ inputTokens: 0, outputTokens: 0 })
  }
})
