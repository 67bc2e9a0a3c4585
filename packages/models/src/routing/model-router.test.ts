import { describe, expect, it } from '@jest/globals'
import type { ModelInfo } from '../registry/catalog.ts'
import { testScope } from '../testing/test-models.ts'
import { seededRandom } from './core/draw-sample.ts'
import { createModelRouter, type RouteWishes } from './model-router.ts'
import { needsOfChat } from './request-needs.ts'
import { createRoutingMemory } from './routing-memory.ts'

const model = (id: string, more: Partial<ModelInfo> = {}): ModelInfo => ({
  id,
  provider: id.split('/')[0] ?? '',
  capabilities: ['chat', 'tools', 'json_schema'],
  price: { inputUsd: 1, outputUsd: 4 },
  priceKnown: true,
  contextTokens: 100_000,
  outputTokensMax: 10_000,
  firstTokenMs: 500,
  ...more,
})
const small = model('acme/small', { price: { inputUsd: 0.1, outputUsd: 0.4 }, capabilities: ['chat'] })
const large = model('acme/large', { firstTokenMs: 2_000 })
const other = model('globex/medium', { price: { inputUsd: 0.5, outputUsd: 2 } })
const offline = model('offline/extractive', { price: { inputUsd: 0, outputUsd: 0 }, capabilities: ['chat', 'extractive'] })

function routerOf(models: ModelInfo[], breakers: Record<string, string> = {}) {
  const memory = createRoutingMemory({ logger: { warn: () => undefined } })
  const catalog = { list: () => Promise.resolve(models) }
  const router = createModelRouter({ catalog, memory, random: seededRandom(1), breakerOf: (id) => breakers[id] ?? 'closed' })
  const prompt = 'Who founded Rome?'
  return (body: object = {}, wishes: RouteWishes = {}, tenant = 'tenant') =>
    router.choose({
      needs: needsOfChat({ messages: [{ role: 'user', content: prompt }], ...body }),
      task: { prompt },
      scope: { ...testScope, tenant },
      wishes,
    })
}

describe('the router', () => {
  it('chooses the cheapest model that can, and keeps two more for when it does not answer', async () => {
    const { chain, receipt } = await routerOf([large, small, other, offline, model('acme/larger')])()
    expect(chain).toEqual(['acme/small', 'globex/medium', 'acme/large'])
    expect(receipt.why).toContain('cheapest')
  })

  it.each<[string, object, RouteWishes, string[], string]>([
    ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }, {}, ['globex/medium', 'acme/large'], 'tools'],
    ['only some', {}, { allowed: ['acme'] }, ['acme/small', 'acme/large'], 'not_allowed'],
    ['a capability', {}, { requires: ['json_schema'] }, ['globex/medium', 'acme/large'], 'json_schema'],
    ['to pay little', { max_tokens: 1_000 }, { maxCostUsd: 0.0005 }, ['acme/small'], 'cost'],
    ['to wait little', {}, { maxFirstTokenMs: 1_000 }, ['acme/small', 'globex/medium'], 'latency'],
  ])('leaves out models when a request wants %s, and says why', async (_, body, wishes, chain, code) => {
    const route = await routerOf([large, small, other])(body, wishes)
    expect(route.chain).toEqual(chain)
    expect(route.receipt.excluded.map((each) => each.code)).toContain(code)
    expect(route.receipt.excluded.length + chain.length).toBe(3)
  })

  it('leaves out models without a price, those that are withdrawn, and those whose breaker is open', async () => {
    const unpriced = model('acme/unpriced', { price: undefined, priceKnown: false })
    const withdrawn = model('acme/old', { deprecated: { since: '2026-01-01' } })
    const { chain, receipt } = await routerOf([unpriced, withdrawn, small, large], { 'acme/small': 'open' })()
    expect(chain).toEqual(['acme/large'])
    expect(receipt.excluded.map(({ code }) => code).toSorted()).toEqual(['breaker_open', 'deprecated', 'price_unknown'])
  })

  it('takes the offline model only where there is no other', async () => {
    expect((await routerOf([offline])()).chain).toEqual(['offline/extractive'])
    expect((await routerOf([offline, large])()).chain).toEqual(['acme/large'])
  })

  it('says for each model why it cannot when none can', async () => {
    const chosen = routerOf([small, large])({ n: 2 })
    await expect(chosen).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(/acme\/small.*acme\/large/),
    })
  })

  it('says that it is no fault of the request when all that can are left alone for now', async () => {
    const chosen = routerOf([small, large], { 'acme/small': 'open', 'acme/large': 'open' })()
    await expect(chosen).rejects.toMatchObject({ code: 'model_unavailable', isRetryable: true })
  })

  it('goes over to another model when the answers of the cheapest turn out bad, for that tenant alone', async () => {
    const choose = routerOf([small, large])
    for (let n = 0; n < 60; n++) (await choose()).judge('acme/small', { kind: 'feedback', reward: 0 })
    for (let n = 0; n < 30; n++) (await choose()).judge('acme/large', { kind: 'feedback', reward: 1 })
    const { chain, receipt } = await choose()
    expect(chain[0]).toBe('acme/large')
    expect(receipt.candidates.find(({ model: id }) => id === 'acme/small')?.classQuality).toBeLessThan(0.1)
    expect((await choose({}, {}, 'another')).chain[0]).toBe('acme/small')
  })

  it('gives a receipt that the choice follows from', async () => {
    const { receipt } = await routerOf([small, large, offline])()
    const [first, second] = receipt.candidates
    const costOf = (usd: number) => (receipt.pricePoints * usd) / Math.max(...receipt.candidates.map((each) => each.expectedUsd))
    expect(first?.score).toBeCloseTo((first?.sample ?? 0) - costOf(first?.expectedUsd ?? 0), 10)
    expect(first?.score).toBeGreaterThan(second?.score ?? 0)
    expect(receipt).toMatchObject({ taskClass: 'question', minQuality: 0.95, candidates: [{ breaker: 'closed' }, {}] })
  })
})
