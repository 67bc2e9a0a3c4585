import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { startGateway, type TestGateway } from '../testing/start-gateway.ts'

let gateway: TestGateway
let passed: { body: Record<string, unknown>; wishes: unknown; cached: unknown; fallbacks: unknown; attemptsMax: unknown }[]

beforeEach(async () => {
  passed = []
  gateway = await startGateway({
    models: {
      get: () => undefined,
      list: async () => [],
      check: () => Promise.reject(new Error('not here')),
      embed: () => Promise.reject(new Error('not here')),
      async passThrough(body, { wishes, cached, onCache, fallbacks, attemptsMax, onModel, degraded }) {
        passed.push({ body, wishes, cached, fallbacks, attemptsMax })
        onModel?.('acme/answering')
        degraded?.add('answer_shortened')
        onCache?.('hit')
        const usage = { inputTokens: 1, outputTokens: 1, costUsd: 0, measured: true, priceKnown: true }
        return { kind: 'body', body: '{"id":"c","object":"chat.completion","choices":[]}', usage }
      },
    },
  })
})
afterEach(() => gateway.stop())

const send = (body: object, headers: Record<string, string> = {}) =>
  gateway.request('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'hello' }], ...body }),
  })
const routing = { allowed: ['openai'], maxCostUsd: 0.01, minQuality: 0.9 }

describe('the model router/auto', () => {
  it('is listed and described like the others', async () => {
    const list = await (await gateway.request('/v1/models')).json()
    expect(list).toMatchObject({ data: expect.arrayContaining([expect.objectContaining({ id: 'router/auto' })]) })
    const one = await gateway.request('/v1/models/router/auto')
    expect([one.status, await one.json()]).toMatchObject([200, { id: 'router/auto', weft: { kind: 'router' } }])
  })

  it('is told what the request wants of whichever model answers', async () => {
    const response = await send({ model: 'router/auto', weft: { routing } })
    expect([response.status, response.headers.get('x-weft-ignored-fields')]).toEqual([200, null])
    expect(passed).toMatchObject([{ wishes: routing, body: { model: 'router/auto' } }])
    expect(passed[0]?.body).not.toHaveProperty('weft')
  })

  it('alone makes use of such wishes: a named model says that it ignores them, a workflow refuses them', async () => {
    expect((await send({ model: 'openai/m', weft: { routing } })).headers.get('x-weft-ignored-fields')).toBe('weft')
    const refused = await send({ model: 'weft/auto', weft: { routing } })
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { param: 'weft.routing' } }])
  })

  it.each([
    ['weft.routing.minQuality', { minQuality: 2 }],
    ['weft.routing.allowed', { allowed: [] }],
    ['weft.routing', { cheapest: true }],
  ])('names %s when it is not right', async (param, wrong) => {
    const response = await send({ model: 'router/auto', weft: { routing: wrong } })
    expect([response.status, await response.json()]).toMatchObject([400, { error: { param: expect.stringContaining(param) } }])
    expect(passed).toEqual([])
  })
})

describe('an earlier answer', () => {
  const body = { model: 'openai/m', messages: [{ role: 'user', content: 'hello' }] }

  it('is named as one in a header', async () => {
    expect((await send(body)).headers.get('x-weft-cache')).toBe('hit')
  })

  it.each<[string, object, Record<string, string>, boolean | undefined]>([
    ['nothing of it', {}, {}, undefined],
    ['weft.cache', { weft: { cache: false } }, {}, false],
    ['weft.cache', { weft: { cache: true } }, {}, true],
    ['cache-control', { weft: { cache: true } }, { 'cache-control': 'no-store' }, false],
  ])('is given as a request with %s says', async (_, more, headers, cached) => {
    const response = await send({ ...body, ...more }, headers)
    expect([response.status, response.headers.get('x-weft-ignored-fields')]).toEqual([200, null])
    expect(passed).toMatchObject([{ cached }])
  })

  it('is given on the wire of responses alike', async () => {
    const respond = (more: object, headers: Record<string, string> = {}) =>
      gateway.request('/v1/responses', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ model: 'router/auto', input: 'hello', store: false, ...more }),
      })
    const response = await respond({ weft: { cache: true, routing } })
    expect([response.headers.get('x-weft-cache'), response.headers.get('x-weft-ignored-fields')]).toEqual(['hit', null])
    await respond({}, { 'cache-control': 'no-store' })
    expect(passed).toMatchObject([{ cached: true, wishes: routing }, { cached: false }])
  })
})

describe.each(['/v1/chat/completions', '/v1/responses'])('a model that is asked by %s', (path) => {
  it('is asked with the fallbacks and the attempts of the request, and what its answer is marked with is told', async () => {
    const headers = { 'content-type': 'application/json', 'x-stainless-retry-count': '1' }
    const asked = path === '/v1/responses' ? { input: 'hello', store: false } : { messages: [{ role: 'user', content: 'hello' }] }
    const body = JSON.stringify({ model: 'openai/m', weft: { fallbacks: ['acme/other'] }, ...asked })
    const response = await gateway.request(path, { method: 'POST', headers, body })
    expect(passed).toMatchObject([{ fallbacks: ['acme/other'], attemptsMax: 2 }])
    expect(response.headers.get('x-weft-degraded')).toBe('answer_shortened')
    if (path === '/v1/responses') expect(await response.json()).toMatchObject({ model: 'acme/answering' })
  })
})
