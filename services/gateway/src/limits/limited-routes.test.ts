import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { ModelError } from '@weft/models'
import { z } from 'zod'
import type { PublicDeps } from '../public-app.ts'
import { createMemorySharedState, patiently } from '../testing/memory-shared-state.ts'
import { startGateway, type TestGateway } from '../testing/start-gateway.ts'
import { type CallLimiter, createCallLimiter } from './limit-calls.ts'

const usage = { inputTokens: 7, outputTokens: 3, costUsd: 0, measured: true, priceKnown: true }
const models: PublicDeps['models'] = {
  async passThrough({ model }, { onFailedUse }) {
    if (model === 'openai/failing') throw failed(onFailedUse)
    return { kind: 'body', body: '{"choices":[]}', usage }
  },
  async embed({ model }, { onFailedUse }) {
    if (model === 'openai/failing') throw failed(onFailedUse)
    return { body: '{}', usage }
  },
  check: async () => Promise.reject(new Error('not asked here')),
  list: async () => [],
  get: () => undefined,
}

function failed(onFailedUse: ((model: string, used: typeof usage) => void) | undefined): ModelError {
  onFailedUse?.('openai/failing', usage)
  return new ModelError('upstream_error', 'openai broke off')
}

let limiter: CallLimiter
let gateway: TestGateway

beforeEach(async () => {
  limiter = createCallLimiter({ shared: patiently(createMemorySharedState()), gateway: '0', tenantLimits: () => ({}) })
  gateway = await startGateway({ models, limiter })
})
afterEach(async () => {
  await gateway.stop()
  await limiter.stop()
})

async function makeKey(limits: object): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const answer = await gateway.request('/v1/keys', { method: 'POST', headers, body: JSON.stringify({ limits }) })
  const made = z.looseObject({ key: z.string(), limits: z.unknown() }).parse(await answer.json())
  expect(made.limits).toEqual(limits)
  return made.key
}

function chat(key: string, content = 'Hello'): Promise<Response> {
  return gateway.request('/v1/chat/completions', {
    method: 'POST',
    key,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'openai/m', messages: [{ role: 'user', content }] }),
  })
}

it('answers with what is left, and refuses as OpenAI does once nothing is', async () => {
  const key = await makeKey({ requestsPerMinute: 1 })
  const first = await chat(key)
  expect(first.status).toBe(200)
  expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('0')
  const second = await chat(key)
  expect(second.status).toBe(429)
  expect(second.headers.get('x-ratelimit-limit-requests')).toBe('1')
  expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(50)
  expect(await second.json()).toMatchObject({ error: { code: 'rate_limit_exceeded', type: 'rate_limit_error' } })
})

it('counts what an answer used instead of what was foreseen', async () => {
  const key = await makeKey({ tokensPerMinute: 1_000 })
  await (await chat(key, 'x'.repeat(2_000))).text()
  expect((await chat(key)).headers.get('x-ratelimit-remaining-tokens')).toMatch(/^98\d$/)
})

it.each([
  ['/v1/responses', { input: 'x'.repeat(2_000) }],
  ['/v1/responses', { input: 'x'.repeat(2_000), stream: true }],
  ['/v1/embeddings', { input: 'x'.repeat(2_000) }],
])('counts it on %s too: %j', async (path, body) => {
  const key = await makeKey({ tokensPerMinute: 1_000 })
  const headers = { 'content-type': 'application/json' }
  const answer = await gateway.request(path, {
    method: 'POST',
    key,
    headers,
    body: JSON.stringify({ model: 'openai/m', ...body }),
  })
  expect([answer.status, (await answer.text()).includes('error":{')]).toEqual([200, false])
  expect((await chat(key)).headers.get('x-ratelimit-remaining-tokens')).toMatch(/^98\d$/)
})

it.each([
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'x'.repeat(2_000) }] }],
  ['/v1/responses', { input: 'x'.repeat(2_000) }],
  ['/v1/embeddings', { input: 'x'.repeat(2_000) }],
])('counts what a call of %s that failed has used, and gives back what was foreseen', async (path, body) => {
  const key = await makeKey({ tokensPerMinute: 1_000 })
  const headers = { 'content-type': 'application/json' }
  const failing = JSON.stringify({ model: 'openai/failing', ...body })
  expect((await gateway.request(path, { method: 'POST', key, headers, body: failing })).status).toBe(502)
  expect((await chat(key)).headers.get('x-ratelimit-remaining-tokens')).toMatch(/^98\d$/)
})

it.each([
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'x'.repeat(2_000) }] }],
  ['/v1/responses', { input: 'x'.repeat(2_000) }],
])('counts nothing for a repeat of %s that has no attempt left', async (path, body) => {
  const key = await makeKey({ tokensPerMinute: 1_000 })
  const headers = { 'content-type': 'application/json', 'idempotency-key': path.replaceAll('/', '-') }
  const failing = JSON.stringify({ model: 'openai/failing', ...body })
  for (let n = 0; n < 5; n += 1)
    expect((await gateway.request(path, { method: 'POST', key, headers, body: failing })).status).toBe(502)
  expect(Number((await chat(key)).headers.get('x-ratelimit-remaining-tokens'))).toBeGreaterThan(900)
})

it.each([
  ['/v1/chat/completions', { messages: 'x'.repeat(2_000) }],
  ['/v1/chat/completions', { model: 'weft/auto', n: 2, messages: [{ role: 'user', content: 'x'.repeat(2_000) }] }],
  ['/v1/responses', { input: 'x'.repeat(2_000), previous_response_id: 7 }],
  ['/v1/embeddings', { input: 'x'.repeat(2_000), encoding_format: 'hex' }],
])('counts nothing for a request of %s that is refused for what it says', async (path, body) => {
  const key = await makeKey({ tokensPerMinute: 1_000 })
  const headers = { 'content-type': 'application/json' }
  const wrong = JSON.stringify({ model: 'openai/m', ...body })
  expect((await gateway.request(path, { method: 'POST', key, headers, body: wrong })).status).toBe(400)
  expect((await chat(key)).headers.get('x-ratelimit-remaining-tokens')).toMatch(/^99\d$/)
})

it('gives a place back when its answer is over', async () => {
  const key = await makeKey({ concurrency: 1 })
  for (let calls = 0; calls < 3; calls++) {
    const answer = await chat(key)
    expect(answer.status).toBe(200)
    await answer.text()
  }
})

it('limits no key that has no limits, and tells it of none', async () => {
  const answer = await chat(await gateway.makeKey())
  expect([...answer.headers.keys()].filter((name) => name.startsWith('x-ratelimit'))).toEqual([])
})

it.each([{ requestsPerMinute: 0 }, { tokensPerMinute: 'many' }, { perHour: 3 }])(
  'refuses %j as limits of a key',
  async (limits) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await gateway.request('/v1/keys', { method: 'POST', headers, body: JSON.stringify({ limits }) })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { param: expect.stringContaining('limits') } })
  },
)
