import { afterEach, beforeEach, expect, it } from '@jest/globals'
import type { CallFacts } from '../attempt/call-controls.ts'
import { createModels, type Models } from '../create-models.ts'
import { ModelError } from '../model-error.ts'
import { collect } from '../testing/collect-events.ts'
import type { ModelServer } from '../testing/model-server.ts'
import { startOpenAiServer } from '../testing/openai-server.ts'
import type { Budget } from './core/budget.ts'
import { nanoUsd } from './core/nano-usd.ts'
import { createBudgetGate } from './create-budget-gate.ts'
import { degradeCalls } from './degrade-calls.ts'
import { createHeldPortions } from './held-portions.ts'
import { createSpendingLimit } from './spending-limit.ts'
import { createModelBank } from './testing/model-bank.ts'

/** A million tokens of an answer cost 50 USD with gpt-6-astra, 10 with gpt-6.1-sol and half a dollar with gpt-6-luna. */
const [dear, usual, cheap] = ['gpt-6-astra', 'gpt-6.1-sol', 'gpt-6-luna'] as const
const scope = { tenant: 'acme', agent: 'gateway' }
const messages = [{ role: 'user' as const, content: 'Where do herons stand?' }]
const asked = { model: `openai/${dear}`, messages, max_tokens: 2_000 }

let server: ModelServer
let models: Models
let budget: Budget
let begun: CallFacts[]

beforeEach(async () => {
  const limitNano = nanoUsd(0.05)
  budget = { id: 'bud_1', tenant: 'acme', scope: 'tenant', scopeId: '', period: 'total', limitNano, onBreach: 'degrade' }
  begun = []
  server = await startOpenAiServer({ models: [dear, usual, cheap] })
  const bank = createModelBank(() => budget.limitNano)
  const gate = createBudgetGate({
    portions: createHeldPortions({ bank, holder: 'one', leaseMs: 15_000, nowMs: Date.now, steadyMs: Date.now }),
    nowMs: Date.now,
    steadyMs: Date.now,
    book: { find: () => [budget] },
    sleep: async () => undefined,
  })
  const begin = (facts: CallFacts) => {
    begun.push(facts)
    return { end: () => undefined }
  }
  models = createModels({
    settings: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: server.url },
    telemetry: { logger: { info: () => undefined } },
    controls: { budgets: gate, ledger: { begin } },
  })
})
afterEach(async () => {
  await models.stop()
  await server.stop()
})

async function pass(body: object, wishes?: { allowed: string[] }) {
  const degraded = new Set<string>()
  const told: string[] = []
  const answer = await models.passThrough({ ...asked, ...body }, { scope, degraded, wishes, onModel: (id) => told.push(id) })
  if (answer.kind === 'stream') for await (const _ of answer.chunks);
  return { degraded: [...degraded], model: told.at(-1) }
}

it.each([true, false])('a call without room is answered by a cheaper model, and says so (streamed: %s)', async (stream) => {
  expect(await pass({ stream })).toEqual({ degraded: ['cheaper_model'], model: `openai/${cheap}` })
  expect(server.requests.map(({ body }) => [body.model, body.max_tokens])).toEqual([[cheap, 2_000]])
  expect(begun).toMatchObject([
    {
      attempt: 1,
      model: { id: `openai/${cheap}` },
      receipt: {
        chain: [`openai/${cheap}`, `openai/${usual}`],
        insteadOf: { model: `openai/${dear}`, why: expect.stringContaining('has 0.05 USD of 0.05 USD left') },
      },
    },
  ])
})

it('so is a step of a workflow, whose next call may have room again', async () => {
  const degraded = new Set<string>()
  const request = { model: asked.model, messages, maxOutputTokens: 2_000 }
  for await (const _ of models.stream(request, { scope, degraded }));
  expect([...degraded]).toEqual(['cheaper_model'])
  budget.limitNano = nanoUsd(1)
  for await (const _ of models.stream({ ...request, maxOutputTokens: 400 }, { scope, degraded: new Set() }));
  expect(server.requests.map(({ body }) => body.model)).toEqual([cheap, dear])
})

it('so is a step whose own limit has no room, though its tenant’s budget has', async () => {
  budget.limitNano = nanoUsd(1)
  const degraded = new Set<string>()
  const limit = createSpendingLimit(0.05)
  const request = { model: asked.model, messages, maxOutputTokens: 2_000 }
  for await (const _ of models.stream(request, { scope, degraded, limit }));
  expect([[...degraded], server.requests.map(({ body }) => body.model)]).toEqual([['cheaper_model'], [cheap]])
  expect(begun[0]?.receipt).toMatchObject({
    insteadOf: { why: expect.stringContaining('The step has 0.05 USD of 0.05 USD left') },
  })
  await expect(collect(models.stream(request, { scope, limit: createSpendingLimit(0) }))).rejects.toMatchObject({
    code: 'budget_exceeded',
  })
})

it('no model takes over that cannot do what is asked: the answer gets shorter, and the receipt tells how short', async () => {
  expect(await pass({ logprobs: true })).toEqual({ degraded: ['answer_shortened'], model: `openai/${dear}` })
  const [sent] = server.requests
  expect(sent?.body).toMatchObject({ model: dear, logprobs: true })
  expect(sent?.body.max_tokens).toBeLessThan(1_000)
  expect(begun[0]?.receipt).toEqual({ answerShortenedTo: sent?.body.max_tokens })
})

it('nor one that the request has not allowed', async () => {
  const only = { allowed: [`openai/${dear}`] }
  expect(await pass({ model: 'router/auto' }, only)).toEqual({ degraded: ['answer_shortened'], model: `openai/${dear}` })
})

it('where nothing is left for any whole answer nor for a short one of the wished model, a cheap one answers shortly', async () => {
  budget.limitNano = nanoUsd(0.0005)
  expect(await pass({})).toEqual({ degraded: ['cheaper_model', 'answer_shortened'], model: `openai/${cheap}` })
})

it('beside a whole answer that may come yet nothing less is asked for', async () => {
  const call = { kind: 'chat' as const, model: {}, inputBytes: 1, answers: 1 }
  const breach = { id: 'bud_1', onBreach: 'degrade' as const, worstNano: 2, room: { leftNano: 1, call } }
  let asks = 0
  const refuse = () => {
    asks += 1
    throw new ModelError('budget_exceeded', 'full', { budget: breach })
  }
  const catalog = { get: () => undefined, list: async () => [] }
  const choose = () => Promise.reject(new Error('no model is chosen'))
  const { pass } = degradeCalls({ catalog, stream: refuse, pass: async () => refuse() }, { catalog, router: { choose } })
  await expect(pass(asked, { scope, mustBeWhole: true })).rejects.toMatchObject({ code: 'budget_exceeded' })
  expect(asks).toBe(1)
})

it('where nothing at all is left, the call is refused', async () => {
  budget.limitNano = 0
  await expect(pass({})).rejects.toMatchObject({ code: 'budget_exceeded' })
  expect(server.requests).toHaveLength(0)
})

it('a budget that rejects has no other model asked', async () => {
  budget.onBreach = 'reject'
  await expect(pass({})).rejects.toMatchObject({ code: 'budget_exceeded', isRetryable: false })
  expect(server.requests).toHaveLength(0)
})
