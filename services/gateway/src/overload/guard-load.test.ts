import { afterEach, expect, it } from '@jest/globals'
import { startGateway, type TestGateway } from '../testing/start-gateway.ts'
import { createOverload } from './admit-fairly.ts'

let gateway: TestGateway
afterEach(() => gateway.stop())

const chat = (content = 'Hello') =>
  gateway.request('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'openai/m', messages: [{ role: 'user', content }] }),
  })

it('refuses requests while memory is short, and says when to come back; what is open goes on and health is told', async () => {
  gateway = await startGateway({ pressure: () => 'memory is short (1900 MB in use)' })
  const answer = await chat()
  expect(answer.status).toBe(503)
  expect(answer.headers.get('retry-after')).toBe('1')
  expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining('1900 MB') } })
  expect((await gateway.request('/livez')).status).toBe(200)
})

it('gives a place back when its answer is over, also one that failed', async () => {
  const overload = createOverload({ placesMax: 1, waitMsMax: 500 })
  gateway = await startGateway({ overload })
  for (let calls = 0; calls < 3; calls++) expect((await chat()).status).toBe(404)
  expect(overload.counts()).toEqual({ active: 0, waiting: 0 })
})
