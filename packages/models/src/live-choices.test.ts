import { afterEach, describe, expect, it } from '@jest/globals'
import { testScope } from './testing/test-models.ts'
import { unpricedModels } from './attempt/unpriced-models.ts'
import { createModels, type Models } from './create-models.ts'
import { startOpenAiServer } from './testing/openai-server.ts'
import type { ModelServer } from './testing/model-server.ts'

let models: Models
let server: ModelServer
afterEach(async () => {
  await models.stop()
  await server.stop()
})

/** Settings that change while the models are in use. */
async function open() {
  server = await startOpenAiServer()
  const settings: Record<string, unknown> = { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: server.url }
  const controls = { unpriced: () => unpricedModels(settings) }
  models = createModels({ settings, telemetry: { logger: { info: () => undefined } }, controls })
  return settings
}

describe('a setting that changes counts for the next call', () => {
  it('of the default model, and of whether there is one', async () => {
    const settings = await open()
    expect(models.isRouting).toBe(true)
    settings.WEFT_DEFAULT_MODEL = 'openai/test-model'
    expect(models.isRouting).toBe(false)
    expect(await models.defaultModelId()).toBe('openai/test-model')
    delete settings.WEFT_DEFAULT_MODEL
    settings.WEFT_ROUTING = 'off'
    expect(models.isRouting).toBe(false)
  })

  it('of what becomes of models without a price', async () => {
    const settings = await open()
    const ask = () =>
      models.complete({ model: 'openai/test-model', messages: [{ role: 'user', content: 'Hello' }] }, { scope: testScope })
    settings.WEFT_UNPRICED_INPUT_USD = 1_000_000
    expect((await ask()).usage?.costUsd).toBeGreaterThan(1)
    settings.WEFT_UNPRICED_MODELS = 'refuse'
    await expect(ask()).rejects.toMatchObject({ code: 'invalid_request' })
    expect(server.requests).toHaveLength(1)
  })
})
