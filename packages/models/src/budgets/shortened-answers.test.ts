import { afterEach, expect, it } from '@jest/globals'
import { createTestModels, type TestModels } from '../testing/test-models.ts'
import { createSpendingLimit } from './spending-limit.ts'

let test: TestModels | undefined
afterEach(() => test?.stop())

const messages = [{ role: 'user' as const, content: 'Hi there' }]
const scope = { tenant: 'acme', agent: 'gateway' }
const controls = { budgets: { reserve: () => ({ outputTokensMax: 100, settle: () => undefined, release: () => undefined }) } }

it.each([
  [{ max_tokens: 900 }, { max_tokens: 100 }],
  [{ max_completion_tokens: 900 }, { max_tokens: 100 }],
  [{}, { max_tokens: 100 }],
])('a relayed request with %j asks for no more than the budget has room for', async (asked, sent) => {
  test = await createTestModels({}, { controls })
  const degraded = new Set<string>()
  await test.models.passThrough({ model: 'openai/test-model', messages, ...asked }, { scope, degraded })
  expect(test.openai.requests[0]?.body).toEqual({ model: 'test-model', messages, ...sent })
  expect([...degraded]).toEqual(['answer_shortened'])
})

it('so does a translated one', async () => {
  test = await createTestModels({}, { controls })
  await test.models.complete({ model: 'anthropic/claude-test', messages, maxOutputTokens: 900 }, { scope })
  expect(test.anthropic.requests[0]?.body).toMatchObject({ max_tokens: 100 })
})

it('a step’s own limit is asked before any budget, and given back when that refuses', async () => {
  const asked: (number | undefined)[] = []
  const gate = {
    reserve(call: { outputTokensMax?: number | undefined }) {
      asked.push(call.outputTokensMax)
      throw new Error('no room')
    },
  }
  test = await createTestModels({}, { controls: { budgets: gate } })
  const model = test.models.get('openai/gpt-6-luna')
  const limit = createSpendingLimit(((model?.price?.outputUsd ?? 0) * 1_000) / 1e6)
  for (let n = 0; n < 2; n += 1) {
    const answer = test.models.complete({ model: 'openai/gpt-6-luna', messages }, { scope, limit })
    await expect(answer).rejects.toThrow('no room')
  }
  expect(asked[0]).toBeGreaterThan(600)
  expect(asked[1]).toBe(asked[0])
  expect(test.openai.requests).toHaveLength(0)
})
