import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { ModelError, type PassThroughAnswer } from '@weft/models'
import type { PublicDeps } from '../public-app.ts'
import { createMemorySharedState } from '../testing/memory-shared-state.ts'
import { startGateway, type TestGateway } from '../testing/start-gateway.ts'
import { createAttemptCounts } from './count-attempts.ts'

let shared: ReturnType<typeof createMemorySharedState>
let gateways: TestGateway[]
let allowed: unknown[]
/** What a call of models ends with, and how many attempts it makes. */
let failure: ModelError
let asks: number
/** What becomes of a call whose models were asked. */
let end: (signal: AbortSignal | undefined) => Promise<PassThroughAnswer>

beforeEach(async () => {
  shared = createMemorySharedState()
  allowed = []
  failure = new ModelError('upstream_error', 'openai: it fell over', { isRetryable: true })
  asks = 1
  end = () => Promise.reject(failure)
  const models: PublicDeps['models'] = {
    get: () => undefined,
    list: async () => [],
    check: () => Promise.reject(new Error('not here')),
    embed: () => Promise.reject(new Error('not here')),
    async passThrough(_body, { attemptsMax, onAttempt, signal }) {
      allowed.push(attemptsMax)
      for (let n = 0; n < Math.min(asks, attemptsMax ?? 3); n += 1) onAttempt?.()
      return end(signal)
    },
  }
  gateways = await Promise.all([0, 1].map(() => startGateway({ models, attempts: createAttemptCounts(shared) })))
})
afterEach(() => Promise.all(gateways.map((gateway) => gateway.stop())))

async function ask(gateway: number, headers: Record<string, string>, path = '/v1/chat/completions') {
  const response = await send(gateway, { headers, path })
  await response.text()
  return [response.status, response.headers.get('x-should-retry')]
}

async function untilAsked(count: number): Promise<void> {
  while (allowed.length < count) await new Promise(setImmediate)
}

interface Sent {
  headers: Record<string, string>
  path: string
  signal?: AbortSignal
  stream?: boolean
}

async function send(gateway: number, { headers, path, signal, stream }: Sent): Promise<Response> {
  const content = path === '/v1/responses' ? { input: 'hello', store: false } : { messages: [{ role: 'user', content: 'hello' }] }
  const response = await gateways[gateway]?.request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'openai/m', stream, ...content }),
    ...(signal === undefined ? {} : { signal }),
  })
  if (response === undefined) throw new Error(`there is no gateway ${gateway}`)
  return response
}

describe.each(['/v1/chat/completions', '/v1/responses'])('repeats of a request with the same Idempotency-Key, at %s', (path) => {
  it('share three attempts at models over all gateways, and the last one says that another is in vain', async () => {
    const key = { 'idempotency-key': 'once' }
    expect(await ask(0, key, path)).toEqual([502, 'true'])
    expect(await ask(1, key, path)).toEqual([502, 'true'])
    expect(await ask(0, key, path)).toEqual([502, 'false'])
    expect(await ask(1, key, path)).toEqual([502, 'false'])
    expect(allowed).toEqual([3, 2, 1])
    expect(await ask(0, { 'idempotency-key': 'another' }, path)).toEqual([502, 'true'])
  })

  it('have those less that were made for a reader who left', async () => {
    const begun = Promise.withResolvers<void>()
    end = async (signal) => {
      begun.resolve()
      await once(signal ?? new EventTarget(), 'abort')
      throw new ModelError('cancelled', 'the reader has gone')
    }
    const written = Promise.withResolvers<void>()
    const write = shared.compareAndSet.bind(shared)
    shared.compareAndSet = (...entry) => write(...entry).finally(() => written.resolve())
    const reader = new AbortController()
    const left = send(0, { headers: { 'idempotency-key': 'once' }, path, signal: reader.signal })
    await begun.promise
    reader.abort()
    await expect(left).rejects.toThrow()
    await written.promise
    end = () => Promise.reject(failure)
    await ask(1, { 'idempotency-key': 'once' }, path)
    expect(allowed).toEqual([3, 2])
  })

  it('have one less after a stream that broke off', async () => {
    async function* half() {
      yield 'data: {"id":"c","model":"openai/m","choices":[{"index":0,"delta":{"content":"Half"},"finish_reason":null}]}\n\n'
      throw failure
    }
    end = async () => ({ kind: 'stream', chunks: half(), usage: () => undefined })
    const broken = await send(0, { headers: { 'idempotency-key': 'once' }, path, stream: true })
    expect(await broken.text()).toContain('it fell over')
    await ask(1, { 'idempotency-key': 'once' }, path)
    expect(allowed).toEqual([3, 2])
  })
})

it('repeats at the same time know of each other, and of the attempts that were made meanwhile', async () => {
  const end1 = Promise.withResolvers<PassThroughAnswer>()
  end = () => end1.promise
  const first = ask(0, { 'idempotency-key': 'once' })
  await untilAsked(1)
  asks = 2
  const second = ask(1, { 'idempotency-key': 'once' })
  await untilAsked(2)
  expect(await ask(0, { 'idempotency-key': 'once' })).toEqual([502, 'false'])
  end1.reject(failure)
  expect(await Promise.all([first, second])).toEqual([
    [502, 'true'],
    [502, 'false'],
  ])
  expect(allowed).toEqual([3, 2])
})

it('of a crowd of repeats at the same time three are let through', async () => {
  const counts = [createAttemptCounts(shared), createAttemptCounts(shared)]
  const repeat = { tenant: 'acme', get: (header: string) => (header === 'idempotency-key' ? 'once' : undefined) }
  const crowd = await Promise.allSettled(Array.from({ length: 12 }, (_, n) => counts[n % 2]?.of(repeat)))
  expect(crowd.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
})

it('an answer takes none from a repeat, which may ask again', async () => {
  end = async () => ({
    kind: 'body',
    body: '{}',
    usage: { inputTokens: 1, outputTokens: 1, costUsd: 0, measured: true, priceKnown: true },
  })
  for (let n = 0; n < 4; n += 1) expect(await ask(n % 2, { 'idempotency-key': 'once' })).toEqual([200, null])
  expect(allowed).toEqual([3, 3, 3, 3])
})

it('attempts of a chain are counted with those of repeats', async () => {
  asks = 2
  await ask(0, { 'idempotency-key': 'once' })
  await ask(1, { 'idempotency-key': 'once' })
  expect(allowed).toEqual([3, 1])
  expect(await ask(0, { 'idempotency-key': 'once' })).toEqual([502, 'false'])
})

it('what is refused before any model is asked is no attempt', async () => {
  failure = new ModelError('budget_exceeded', 'nothing left', { isRetryable: false })
  asks = 0
  for (let n = 0; n < 4; n += 1) expect(await ask(0, { 'idempotency-key': 'once' })).toEqual([402, 'false'])
  expect(allowed).toEqual([3, 3, 3, 3])
})

it('without a key the client’s own count holds, and while the shared state is away a request has what it says is left', async () => {
  shared.isAway = true
  await ask(0, { 'x-stainless-retry-count': '1' })
  await ask(0, { 'x-stainless-retry-count': '7' })
  await ask(0, { 'idempotency-key': 'once' })
  await ask(0, { 'idempotency-key': 'once', 'x-stainless-retry-count': '2' })
  expect(allowed).toEqual([2, 1, 3, 1])
})

it('another tenant’s key of the same name is another key', async () => {
  const key = (await gateways[0]?.makeKey({ tenant: 'other' })) ?? ''
  await ask(0, { 'idempotency-key': 'once' })
  await ask(0, { 'idempotency-key': 'once', authorization: `Bearer ${key}` })
  expect(allowed).toEqual([3, 3])
})
