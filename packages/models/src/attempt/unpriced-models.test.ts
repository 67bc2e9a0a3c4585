import { afterEach, describe, expect, it } from '@jest/globals'
import { failureOf } from '../testing/collect-events.ts'
import { createTestModels, type TestModels } from '../testing/test-models.ts'
import { unpricedModels } from './unpriced-models.ts'

let test: TestModels | undefined
afterEach(() => test?.stop())
const ask = { model: 'openai/test-model', messages: [{ role: 'user' as const, content: 'Hi' }] }

describe('a model that nobody knows the price of', () => {
  it('is reckoned at the assumed price, and said to be of unknown price', async () => {
    test = await createTestModels({}, { controls: { unpriced: () => unpricedModels({ WEFT_UNPRICED_INPUT_USD: '1000000' }) } })
    const answer = await test.models.passThrough(ask)
    if (answer.kind !== 'body') throw new TypeError('not a body')
    expect(answer.usage).toMatchObject({ costUsd: 11 + (7 * 20) / 1_000_000, priceKnown: false, measured: true })
  })

  it('is refused where that is set, before it is asked, saying what to do', async () => {
    test = await createTestModels({}, { controls: { unpriced: () => unpricedModels({ WEFT_UNPRICED_MODELS: 'refuse' }) } })
    const refused = { code: 'invalid_request', param: 'model', message: expect.stringContaining('WEFT_MODELS_FILE') }
    expect(await failureOf(test.models.passThrough(ask))).toMatchObject(refused)
    expect(test.openai.requests).toHaveLength(0)
  })

  it('needs settings that can be used', () => {
    expect(() => unpricedModels({ WEFT_UNPRICED_MODELS: 'free' })).toThrow('WEFT_UNPRICED_MODELS is "refuse" or "estimate"')
    expect(() => unpricedModels({ WEFT_UNPRICED_OUTPUT_USD: '-1' })).toThrow('WEFT_UNPRICED_OUTPUT_USD')
    expect(unpricedModels({})).toEqual({ inputUsd: 5, outputUsd: 20 })
  })
})
