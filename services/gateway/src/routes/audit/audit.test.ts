import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { z } from 'zod'
import { startGateway, type TestGateway } from '../../testing/start-gateway.ts'

let gateway: TestGateway
beforeEach(async () => {
  const capability = { name: 'help', description: 'helps', inputSchema: {}, outputSchema: {}, effects: 'none' }
  const card = { id: 'helper', version: '1.2.0', description: 'helps', capabilities: [capability] }
  gateway = await startGateway({
    sidecar: { invoke: nobody, fetchFrom: async (_app, _path, { schema }) => schema.parse(card) },
    embeddings: { steer: nobody },
    auditedStores: { knowledge: { deleteFile: async ({ fileId }) => fileId === 'file_1', deleteVectorStore: async () => true } },
  })
})
afterEach(() => gateway.stop())

const nobody = async () => Promise.reject(new Error('no mesh here'))
const Made = z.looseObject({ id: z.string().optional(), budgetId: z.string().optional() })

async function send(method: string, path: string, body?: unknown): Promise<z.infer<typeof Made>> {
  const json = { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const response = await gateway.request(path, { method, ...(body === undefined ? {} : json) })
  return Made.parse(await response.json())
}

const Line = z.looseObject({ action: z.string(), target: z.string(), by: z.looseObject({ tenant: z.string() }) })
const Page = z.strictObject({ object: z.literal('list'), data: z.array(Line), has_more: z.boolean() })

async function audit(query = '', key?: string): Promise<z.infer<typeof Page>> {
  return Page.parse(await (await gateway.request(`/v1/audit${query}`, key === undefined ? {} : { key })).json())
}

it('tells of everything an administrator does, and of deleted sessions, files and vector stores', async () => {
  const { id: keyId } = await send('POST', '/v1/keys', { name: 'ben', scopes: ['approve'] })
  await send('DELETE', `/v1/keys/${keyId}`)
  const { budgetId } = await send('PUT', '/v1/budgets', { scope: 'user', id: 'ann', limitUsd: 5, period: 'month' })
  await send('DELETE', `/v1/budgets/${encodeURIComponent(budgetId ?? '')}`)
  await send('PUT', '/v1/settings', { routing: 'off', hedging: null })
  await send('POST', '/v1/agents', { appId: 'helper' })
  await send('DELETE', '/v1/agents/helper')
  const { id: webhookId } = await send('POST', '/v1/webhooks', { url: 'https://example.com/hook' })
  await send('POST', `/v1/webhooks/${webhookId}/rotate`)
  await send('DELETE', `/v1/webhooks/${webhookId}`)
  await send('DELETE', '/v1/sessions/sess_1')
  await send('DELETE', '/v1/vector_stores/vs_1')
  await send('DELETE', '/v1/files/file_1')
  await send('POST', '/v1/embeddings/rebuild')
  await send('DELETE', '/v1/embeddings/rebuild')
  const { data } = await audit('?limit=100')
  expect(data.map(({ action, target }) => [action, target])).toEqual([
    ['key.created', keyId],
    ['key.revoked', keyId],
    ['budget.set', budgetId],
    ['budget.deleted', budgetId],
    ['settings.changed', 'version 1'],
    ['agent.joined', 'helper'],
    ['agent.removed', 'helper'],
    ['webhook.created', webhookId],
    ['webhook.rotated', webhookId],
    ['webhook.deleted', webhookId],
    ['session.deleted', 'sess_1'],
    ['vector_store.deleted', 'vs_1'],
    ['file.deleted', 'file_1'],
    ['embeddings.rebuild_started', 'embeddings'],
    ['embeddings.rebuild_cancelled', 'embeddings'],
  ])
  expect(data[0]).toMatchObject({ by: { keyId: expect.stringMatching(/^key_/), tenant: 'default' }, details: { name: 'ben' } })
  expect(data[4]).toMatchObject({ details: { settings: { routing: 'off', hedging: null } } })
})

it('tells nothing of what was refused, or was not there', async () => {
  await send('POST', '/v1/keys', { scopes: ['everything'] })
  for (const path of [
    '/v1/keys/key_none',
    '/v1/budgets/bud_none',
    '/v1/agents/nobody',
    '/v1/webhooks/wh_none',
    '/v1/files/file_2',
  ])
    await send('DELETE', path)
  await send('PUT', '/v1/settings', { routing: 'sometimes' })
  expect((await audit()).data).toEqual([])
})

it('holds no secret', async () => {
  const made = JSON.stringify([
    await send('POST', '/v1/keys', { name: 'ben' }),
    await send('POST', '/v1/webhooks', { url: 'https://example.com/T0123/token-of-the-hook' }),
  ])
  await send('PUT', '/v1/settings', {
    models: { providers: [{ id: 'mine', wire: 'openai', baseUrl: 'http://me:password-in-it@10.0.0.1/v1' }] },
  })
  const told = JSON.stringify(await audit())
  const secrets = [...made.matchAll(/(?:weft_|whsec_)[\w+/=-]{16,}/g)].map(([secret]) => secret)
  expect(secrets).toHaveLength(2)
  for (const secret of [...secrets, 'token-of-the-hook', 'password-in-it']) expect(told).not.toContain(secret)
  expect(told).toContain('"providers":["mine"]')
})

it('is for administrators, of their own tenant; who runs the mesh is seen by those whose things they touch', async () => {
  const chat = await gateway.makeKey({ scopes: ['chat', 'approve'] })
  expect((await gateway.request('/v1/audit', { key: chat })).status).toBe(403)
  expect((await gateway.request('/v1/audit/verify', { key: chat })).status).toBe(403)
  const other = await gateway.makeKey({ tenant: 'other' })
  await send('POST', '/v1/keys', { name: 'own' })
  await send('POST', '/v1/keys', { name: 'theirs', tenant: 'other' })
  expect((await audit('', other)).data).toMatchObject([{ by: { tenant: 'default' }, details: { name: 'theirs' } }])
  expect((await audit()).data).toHaveLength(2)
})

it('is read page by page, and shows that nobody changed it', async () => {
  for (const name of ['a', 'b', 'c']) await send('POST', '/v1/keys', { name })
  expect(await audit('?limit=2')).toMatchObject({ data: [{ position: 1 }, { position: 2 }], has_more: true })
  expect(await audit('?limit=2&after=2')).toMatchObject({ data: [{ position: 3 }], has_more: false })
  expect(await (await gateway.request('/v1/audit/verify')).json()).toEqual({
    ...{ object: 'audit_verification', isValid: true, entries: 3, lastHash: expect.stringMatching(/^[0-9a-f]{64}$/) },
  })
})
