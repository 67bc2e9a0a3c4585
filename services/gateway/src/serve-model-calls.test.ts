import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { PublicDeps } from './public-app.ts'
import { startGateway, type TestGateway } from './testing/start-gateway.ts'

const usage = { inputTokens: 1, outputTokens: 1, costUsd: 0, measured: true, priceKnown: true }
const models: PublicDeps['models'] = {
  passThrough: async () => ({ kind: 'body', body: '{"choices":[]}', usage }),
  embed: async () => ({ body: '{}', usage }),
  check: async () => Promise.reject(new Error('not asked here')),
  list: async () => [],
  get: () => undefined,
}
let gateway: TestGateway
beforeAll(async () => {
  gateway = await startGateway({ models })
})
afterAll(() => gateway.stop())

const body = JSON.stringify({ model: 'openai/m', messages: [{ role: 'user', content: 'Hello' }] })
const post = (path: string) => gateway.request(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body })

it.each(['/v1/chat/completions', '/v1/chat/completions/', '/V1/Chat/Completions', '/v1/chat/completions?trace=1'])(
  'is found as %s, as every other route would be',
  async (path) => {
    const answer = await post(path)
    expect([answer.status, await answer.text()]).toEqual([200, '{"choices":[]}'])
    expect(answer.headers.get('x-request-id')).toMatch(/^req_/)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  },
)

it('takes no other method, and there is no route below it', async () => {
  const read = await gateway.request('/v1/chat/completions')
  expect([read.status, read.headers.get('allow')]).toEqual([405, 'POST'])
  expect(await read.json()).toMatchObject({ error: { code: 'method_not_supported' } })
  const below = await post('/v1/chat/completions/messages')
  expect(below.status).toBe(404)
  expect(await below.json()).toMatchObject({ error: { code: 'not_found' } })
})
