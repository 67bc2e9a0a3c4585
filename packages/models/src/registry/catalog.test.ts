import { afterEach, describe, expect, it } from '@jest/globals'
import { failureOf } from '../testing/collect-events.ts'
import type { ModelServer } from '../testing/model-server.ts'
import { startOpenAiServer } from '../testing/openai-server.ts'
import { createCatalog } from './catalog.ts'
import { readRegistry } from './read-registry.ts'

const registry = readRegistry()
const catalogOf = (settings: Record<string, unknown>) => createCatalog(registry, settings)
const idsOf = async (settings: Record<string, unknown>) => (await catalogOf(settings).list()).map((model) => model.id)

let server: ModelServer | undefined
afterEach(async () => {
  await server?.stop()
  server = undefined
})

describe('which models there are', () => {
  it('without any key: the offline model alone, and it is the default', async () => {
    const catalog = catalogOf({ OPENAI_API_KEY: '  ', OPENAI_BASE_URL: undefined })
    expect(catalog.isOffline).toBe(true)
    expect(await idsOf({})).toEqual(['offline/extractive'])
    expect(await catalog.defaultModelId()).toBe('offline/extractive')
  })

  it('with a key: that provider’s models of the registry, and no invented name', async () => {
    const catalog = catalogOf({ ANTHROPIC_API_KEY: 'k' })
    expect(catalog.isOffline).toBe(false)
    expect((await catalog.list()).map((model) => model.provider)).toEqual(['anthropic', 'anthropic', 'anthropic', 'offline'])
    expect(catalog.get('anthropic/claude-sonnet-5-5')).toMatchObject({
      priceKnown: true,
      provider: 'anthropic',
      price: { inputUsd: 2 },
    })
    expect(catalog.get('anthropic/claude-unknown')).toBeUndefined()
    expect(catalog.get('openai/gpt-6-luna')).toBeUndefined()
  })

  it('with an address: the models it lists, and any name, of unknown price', async () => {
    server = await startOpenAiServer({ models: ['local-a', 'local-b'] })
    const settings = { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: server.url }
    expect(await idsOf(settings)).toEqual(['openai/local-a', 'openai/local-b', 'offline/extractive'])
    expect(catalogOf(settings).get('openai/anything/at:all')).toEqual({
      id: 'openai/anything/at:all',
      provider: 'openai',
      priceKnown: false,
    })
    expect(catalogOf(settings).get('openai/')).toBeUndefined()
  })

  it('with a keyless server of the user’s own, whose models cost nothing', async () => {
    expect(catalogOf({ OLLAMA_BASE_URL: 'http://127.0.0.1:11434/v1' }).get('ollama/qwen3:8b')).toMatchObject({
      priceKnown: true,
      price: { inputUsd: 0, outputUsd: 0 },
    })
  })

  it('lists the others while one server is down', async () => {
    expect(await idsOf({ OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' })).toEqual(['offline/extractive'])
  })
})

describe('the default model', () => {
  it('is the one that is wished for, or the wish is refused', async () => {
    expect(await catalogOf({ OPENAI_API_KEY: 'k', WEFT_DEFAULT_MODEL: 'openai/gpt-6.1-sol' }).defaultModelId()).toBe(
      'openai/gpt-6.1-sol',
    )
    expect(await failureOf(catalogOf({ WEFT_DEFAULT_MODEL: 'openai/gpt-6.1-sol' }).defaultModelId())).toMatchObject({
      code: 'model_not_found',
    })
  })

  it('is the cheapest capable one of the first provider that has a key', async () => {
    expect(await catalogOf({ OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'k' }).defaultModelId()).toBe('openai/gpt-6-luna')
    expect(await catalogOf({ GROQ_API_KEY: 'k', GEMINI_API_KEY: 'k' }).defaultModelId()).toBe('google/gemini-3.5-flash-lite')
  })

  it('is the first that a server of the user’s own lists', async () => {
    server = await startOpenAiServer({ models: ['local-a', 'local-b'] })
    expect(await catalogOf({ OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: server.url }).defaultModelId()).toBe('openai/local-a')
  })

  it('is not guessed while that server is down, and found once it is up', async () => {
    const catalog = catalogOf({ OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' })
    expect(await failureOf(catalog.defaultModelId())).toMatchObject({ code: 'upstream_error', isRetryable: true })
    expect(await failureOf(catalog.defaultModelId())).toMatchObject({ code: 'upstream_error' })
  })
})
