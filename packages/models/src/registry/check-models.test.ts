import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { createTestModels, type TestModels } from '../testing/test-models.ts'
import { failureOf } from '../testing/collect-events.ts'

let test: TestModels
afterEach(() => test.stop())

const callsAs = { tenant: 'default', agent: 'gateway' }

describe('a check of the models', () => {
  it('says that all providers are reached, and what sets up the others', async () => {
    test = await createTestModels()
    const { ok, providers } = await test.models.check()
    expect(ok).toBe(true)
    expect(providers.find(({ provider }) => provider === 'openai')).toMatchObject({
      isReachable: true,
      isKeyValid: true,
      models: [{ id: 'openai/test-model', isServed: true, isPriceKnown: false }],
    })
    expect(providers.find(({ provider }) => provider === 'xai')).toEqual({
      provider: 'xai',
      wire: 'openai',
      isSetUp: false,
      variables: ['XAI_API_KEY', 'XAI_BASE_URL'],
      models: [],
    })
    expect(test.openai.requests).toEqual([])
  })

  it('tells a refused key and a server that is down apart', async () => {
    test = await createTestModels({ OPENAI_API_KEY: 'wrong', ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' })
    const { ok, providers } = await test.models.check()
    expect(ok).toBe(false)
    const openai = providers.find(({ provider }) => provider === 'openai')
    expect(openai).toMatchObject({ isReachable: true, isKeyValid: false, problem: expect.stringContaining('OPENAI_API_KEY') })
    expect(JSON.stringify(openai)).not.toContain('wrong')
    expect(providers.find(({ provider }) => provider === 'anthropic')).toMatchObject({ isReachable: false })
  })

  it('names a model that its provider does not serve', async () => {
    test = await createTestModels()
    const { ok, providers } = await test.models.check({ ids: ['openai/gone'] })
    expect(ok).toBe(false)
    expect(providers.map(({ provider }) => provider)).toEqual(['openai'])
    expect(providers[0]?.models).toEqual([{ id: 'openai/gone', isServed: false, isPriceKnown: false }])
    expect(await failureOf(test.models.check({ ids: ['nobody/none'] }))).toMatchObject({ param: 'models' })
  })

  it('takes no other model’s answer for that of the model it calls', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weft-check-'))
    const file = join(folder, 'models.yaml')
    const more =
      'capabilities: [chat], price: { inputUsd: 1, outputUsd: 1 }, contextTokens: 9000, outputTokensMax: 900, firstTokenMs: 1'
    const entries = [`id: openai/test-model, ${more}, fallbacks: [anthropic/claude-test]`, `id: anthropic/claude-test, ${more}`]
    writeFileSync(file, `models:\n${entries.map((entry) => `  - { ${entry} }\n`).join('')}`)
    test = await createTestModels({ WEFT_MODELS_FILE: file })
    test.openai.script({ kind: 'error', status: 500 })
    const { providers } = await test.models.check({ ids: ['openai/test-model'], callsAs })
    expect(providers[0]?.models[0]?.call?.ok).toBe(false)
    expect(test.anthropic.requests).toEqual([])
    rmSync(folder, { recursive: true })
  })

  it('calls models only when told to, for a few tokens', async () => {
    test = await createTestModels()
    test.openai.script({ kind: 'error', status: 500 })
    const { ok, providers } = await test.models.check({ ids: ['openai/test-model', 'anthropic/claude-test'], callsAs })
    expect(ok).toBe(false)
    const calls = providers.flatMap(({ models }) => models).map(({ call }) => call?.ok)
    expect(calls).toEqual([false, true])
    expect(test.anthropic.requests[0]?.body).toMatchObject({ max_tokens: 16 })
  })
})
