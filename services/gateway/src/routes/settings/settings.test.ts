import { afterEach, describe, expect, it } from '@jest/globals'
import { type Models, RegistryError } from '@weft/models'
import { z } from 'zod'
import { createMemorySettings } from '../../testing/memory-settings.ts'
import { startGateway, type TestGateway } from '../../testing/start-gateway.ts'

let gateway: TestGateway
afterEach(() => gateway.stop())

/** Knows a model that writes and one that embeds, and takes every overlay but one with prices in words. */
const models: Pick<Models, 'withOverlay' | 'fileOverlay'> = {
  withOverlay(overlay) {
    if (JSON.stringify(overlay ?? {}).includes('cheap'))
      throw new RegistryError('models.models.0.price.inputUsd: expected number')
    const model = { provider: 'openai', priceKnown: true }
    const known = [
      { id: 'openai/known', ...model },
      { id: 'openai/embedding', ...model, capabilities: ['embeddings'] },
    ]
    return { get: (asked) => known.find(({ id }) => id === asked) }
  },
  fileOverlay: () => ({ models: [{ id: 'openai/of-the-file' }] }),
}

async function start(): Promise<void> {
  const environment = { WEFT_ROUTING: 'off', WEFT_UNPRICED_INPUT_USD: '3', WEFT_TENANT_CONCURRENCY: 7 }
  const { settings, changes } = createMemorySettings(environment, models)
  gateway = await startGateway({ settings, auditedStores: { settings: changes } })
}

function put(body: unknown, key?: string): Promise<Response> {
  const init = { method: 'PUT', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  return gateway.request('/v1/settings', { ...init, ...(key === undefined ? {} : { key }) })
}

const Setting = z.looseObject({ name: z.string(), value: z.unknown(), source: z.string(), default: z.unknown() })
const Page = z.strictObject({ object: z.literal('list'), data: z.array(Setting), has_more: z.literal(false) })

async function settings(): Promise<Map<string, z.infer<typeof Setting>>> {
  const { data } = Page.parse(await (await gateway.request('/v1/settings')).json())
  return new Map(data.map((setting) => [setting.name, setting]))
}

describe('settings', () => {
  it('show what holds, and whether the database, the environment or the default says it', async () => {
    await start()
    expect((await put({ hedging: 'on', unpricedOutputUsd: 9 })).status).toBe(200)
    const shown = await settings()
    const updated = { updatedAt: expect.any(String), updatedBy: { keyId: expect.stringMatching(/^key_/), name: '' } }
    expect(shown.get('hedging')).toMatchObject({ value: 'on', source: 'database', default: 'off', ...updated })
    expect(shown.get('routing')).toMatchObject({ value: 'off', source: 'environment', default: 'on', variable: 'WEFT_ROUTING' })
    expect(shown.get('unpricedInputUsd')).toMatchObject({ value: 3, source: 'environment', default: 5 })
    expect(shown.get('tenantConcurrency')).toMatchObject({ value: 7, source: 'environment', default: 'none' })
    expect(shown.get('models')).toMatchObject({ value: { models: [{ id: 'openai/of-the-file' }] }, source: 'environment' })
    expect(shown.get('abstainBelow')).toEqual({
      ...{ name: 'abstainBelow', value: 0.1, source: 'default', default: 0.1, variable: 'WEFT_ABSTAIN_BELOW' },
      description: expect.any(String),
    })
  })

  it('are taken back by null', async () => {
    await start()
    await put({ routing: 'on' })
    const answer = Page.parse(await (await put({ routing: null })).json())
    expect(answer.data.find(({ name }) => name === 'routing')).toMatchObject({ value: 'off', source: 'environment' })
  })

  it.each([
    ['a name nobody knows', { hedging: 'on', hedgeing: 'on' }, 'hedgeing', /is not known/],
    ['a value of another kind', { hedging: 'on', routing: true }, 'routing', /on or off/],
    ['a number in words', { hedging: 'on', unpricedInputUsd: '5' }, 'unpricedInputUsd', /number of US dollars/],
    ['a limit of none at all', { hedging: 'on', tenantConcurrency: 0 }, 'tenantConcurrency', /whole number from 1/],
    ['a model nobody serves', { hedging: 'on', defaultModel: 'openai/unknown' }, 'defaultModel', /no provider/],
    ['a model that only embeds', { hedging: 'on', defaultModel: 'openai/embedding' }, 'defaultModel', /writes no text/],
    ['a registry of another shape', { hedging: 'on', models: { model: [] } }, 'models.model', /is not known/],
    [
      'a registry that says nonsense',
      { hedging: 'on', models: { models: [{ id: 'a/b', price: 'cheap' }] } },
      'models',
      /price\.inputUsd/,
    ],
    ['nothing', {}, null, /at least one/],
  ])('refuses %s, and then changes none', async (_what, body, param, message) => {
    await start()
    const response = await put(body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: { type: 'invalid_request_error', param, message: expect.stringMatching(message) },
    })
    expect((await settings()).get('hedging')).toMatchObject({ source: 'default' })
  })

  it('are checked as they will stand together: a model that is the default stays in the registry', async () => {
    await start()
    expect((await put({ defaultModel: 'openai/known' })).status).toBe(200)
    expect((await put({ defaultModel: 'openai/unknown', models: null })).status).toBe(400)
    expect((await put({ defaultModel: 'auto', models: null })).status).toBe(200)
  })

  it('are for administrators of whoever runs the mesh', async () => {
    await start()
    const chat = await gateway.makeKey({ scopes: ['chat', 'approve'] })
    const other = await gateway.makeKey({ tenant: 'other' })
    for (const key of [chat, other]) {
      expect((await put({ hedging: 'on' }, key)).status).toBe(403)
      expect((await gateway.request('/v1/settings', { key })).status).toBe(403)
    }
  })
})
