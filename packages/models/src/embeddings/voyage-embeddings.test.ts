import { afterEach, expect, it } from '@jest/globals'
import { createModels, type Models } from '../create-models.ts'
import type { ModelUsage } from '../model-event.ts'
import { type EmbeddingServer, startEmbeddingServer } from '../testing/embedding-server.ts'
import { testScope } from '../testing/test-models.ts'

let models: Models
let server: EmbeddingServer | undefined
afterEach(async () => {
  await models.stop()
  await server?.stop()
  server = undefined
})

function open(settings: Record<string, string>): Models {
  models = createModels({ settings, telemetry: { logger: { info: () => undefined } } })
  return models
}

it('a key of Voyage brings its models at their prices, and leaves chat to the offline model', async () => {
  const { get, isOffline, list, defaultModelId } = open({ VOYAGE_API_KEY: 'test-key' })
  expect(get('voyage/voyage-3.5')).toMatchObject({ priceKnown: true, price: { inputUsd: 0.06 }, dimensions: 1_024 })
  expect(isOffline).toBe(true)
  expect(await defaultModelId()).toBe('offline/extractive')
  expect((await list()).filter(({ provider }) => provider === 'voyage')).toHaveLength(11)
  const chat = models.passThrough({ model: 'voyage/voyage-4', messages: [{ role: 'user', content: 'Hi' }] }, { scope: testScope })
  await expect(chat).rejects.toMatchObject({ code: 'invalid_request', param: 'model' })
})

it('its embeddings are asked for in its own terms, and cost what the registry says', async () => {
  server = await startEmbeddingServer({ wire: 'voyage', dimensions: 4 })
  const { embed } = open({ VOYAGE_API_KEY: 'test-key', VOYAGE_BASE_URL: server.url })
  const wish = { model: 'voyage-4', input: ['heron', 'fish'], encoding_format: 'float' as const, dimensions: 4, user: 'ann' }
  const { body, usage } = await embed(wish, { scope: testScope })
  expect(JSON.parse(body)).toMatchObject({ model: 'voyage/voyage-4', data: [{ index: 0 }, { index: 1 }] })
  expect(server.requests.map((request) => request.body)).toEqual([
    { model: 'voyage-4', input: ['heron', 'fish'], output_dimension: 4 },
  ])
  expect(usage).toMatchObject({ measured: true, priceKnown: true, costUsd: (usage.inputTokens * 0.06) / 1e6 })
})

it('more inputs than one request takes go in several, and those that were answered are paid for when a later one fails', async () => {
  server = await startEmbeddingServer({ wire: 'voyage' })
  const { embed } = open({ VOYAGE_API_KEY: 'test-key', VOYAGE_BASE_URL: server.url })
  const wish = { model: 'voyage-4', input: Array<string>(1_001).fill('heron') }
  const { usage } = await embed(wish, { scope: testScope })
  expect(server.requests.map(({ body: { input } }) => Object(input).length)).toEqual([1_000, 1])
  expect(usage).toMatchObject({ inputTokens: 3_003, measured: true })
  server.script({ kind: 'text', chunks: [] }, { kind: 'error', status: 500 })
  const failed: ModelUsage[] = []
  const failing = embed(wish, { scope: testScope, onFailedUse: (_model, used) => failed.push(used) })
  await expect(failing).rejects.toMatchObject({ code: 'upstream_error' })
  expect(failed).toMatchObject([{ inputTokens: 3_000, measured: true }])
})

it.each([
  ['test-key', { isReachable: true, isKeyValid: true }],
  ['another', { isReachable: true, isKeyValid: false }],
])('its key %s is checked without embedding anything', async (key, facts) => {
  server = await startEmbeddingServer({ wire: 'voyage' })
  const { providers } = await open({ VOYAGE_API_KEY: key, VOYAGE_BASE_URL: server.url }).check()
  expect(providers.find(({ provider }) => provider === 'voyage')).toMatchObject(facts)
  expect(server.requests).toHaveLength(0)
})
