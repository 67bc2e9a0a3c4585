import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { startGateway, type TestGateway } from '../../testing/start-gateway.ts'

let gateway: TestGateway
beforeEach(async () => {
  gateway = await startGateway()
})
afterEach(() => gateway.stop())

function send(method: string, path: string, body?: unknown, key?: string): Promise<Response> {
  return gateway.request(path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    ...(key === undefined ? {} : { key }),
  })
}

it('a webhook’s secret is shown when it is made and when it is replaced, and never again', async () => {
  const made = await (await send('POST', '/v1/webhooks', { url: 'https://example.com/hook' })).json()
  expect(made).toMatchObject({ object: 'webhook', url: 'https://example.com/hook', secret: expect.stringMatching(/^whsec_/) })
  const { id } = made as { id: string }
  const rotated = await (await send('POST', `/v1/webhooks/${id}/rotate`)).json()
  expect(rotated).toMatchObject({ id, rotatedAt: expect.any(String), secret: expect.stringMatching(/^whsec_/) })
  expect(JSON.stringify(await (await send('GET', '/v1/webhooks')).json())).not.toContain('whsec_')
  expect((await send('DELETE', `/v1/webhooks/${id}`)).status).toBe(200)
  expect((await send('DELETE', `/v1/webhooks/${id}`)).status).toBe(404)
})

it.each(['http://example.com', 'https://me:secret@example.com', 'ftp://example.com', 'nothing'])(
  'refuses to be told to call %s',
  async (url) => {
    expect((await send('POST', '/v1/webhooks', { url })).status).toBe(400)
  },
)

it('is for administrators, and shows nobody another tenant’s', async () => {
  const chat = await gateway.makeKey({ scopes: ['chat', 'approve'] })
  expect((await send('POST', '/v1/webhooks', { url: 'https://example.com' }, chat)).status).toBe(403)
  const { id } = (await (await send('POST', '/v1/webhooks', { url: 'https://example.com' })).json()) as { id: string }
  const other = await gateway.makeKey({ tenant: 'other' })
  expect(await (await send('GET', '/v1/webhooks', undefined, other)).json()).toMatchObject({ data: [] })
  expect((await send('DELETE', `/v1/webhooks/${id}`, undefined, other)).status).toBe(404)
})
