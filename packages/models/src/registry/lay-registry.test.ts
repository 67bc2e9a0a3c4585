import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { layRegistryOver, parseRegistry, RegistryError, readRegistry } from './read-registry.ts'

const base = parseRegistry(
  `providers:
  - { id: one, wire: openai, keyVariable: ONE_API_KEY, maxTokensField: max_completion_tokens }
models:
  - { id: one/small, capabilities: [chat], price: { inputUsd: 1, outputUsd: 2 }, contextTokens: 1000, outputTokensMax: 100, firstTokenMs: 10 }
`,
  'built-in.yaml',
)
const large = `
  - id: one/large
    capabilities: [chat]
    price: { inputUsd: 1, outputUsd: 2 }
    contextTokens: 1000
    outputTokensMax: 100
    firstTokenMs: 10`
const over = (source: string) => layRegistryOver(base, source, 'mine.yaml')

function problemsOf(source: string): string {
  try {
    over(source)
  } catch (thrown) {
    if (thrown instanceof RegistryError) return thrown.message
    throw thrown
  }
  return ''
}

describe('a registry file of one’s own', () => {
  it('names models that answer in another’s place, all of them listed', () => {
    const changed = over(`models:${large}\n  - { id: one/small, fallbacks: [one/large] }`)
    expect(changed.models[0]?.fallbacks).toEqual(['one/large'])
    expect(problemsOf('models:\n  - { id: one/small, fallbacks: [one/none] }')).toContain('models.0.fallbacks.0')
    expect(problemsOf('models:\n  - { id: one/small, fallbacks: [one/small] }')).toContain('not another model')
  })

  it('changes the fields it names and keeps the others', () => {
    const changed = over(
      'models:\n  - { id: one/small, price: { inputUsd: 0.5, outputUsd: 1, reasoningUsd: 3 }, aliases: [small] }',
    )
    expect(changed.models).toEqual([
      { ...base.models[0], price: { inputUsd: 0.5, outputUsd: 1, reasoningUsd: 3 }, aliases: ['small'] },
    ])
    const moved = over('providers:\n  - { id: one, baseUrl: "https://one.example/v1" }')
    expect(moved.providers[0]).toMatchObject({ maxTokensField: 'max_completion_tokens', baseUrl: 'https://one.example/v1' })
  })

  it('adds models, and providers of any compatible server', () => {
    const added = over(
      `providers:\n  - { id: mine, wire: openai, baseUrl: "http://10.0.0.1/v1", servesUnlisted: true }\nmodels:${large}`,
    )
    expect(added.models.map(({ id }) => id)).toEqual(['one/small', 'one/large'])
    expect(added.providers[1]).toMatchObject({ id: 'mine', servesUnlisted: true, maxTokensField: 'max_tokens' })
  })

  it('is as the documentation’s example has it', () => {
    const file = fileURLToPath(new URL('../../../../docs/examples/models.yaml', import.meta.url))
    const { models } = layRegistryOver(readRegistry(), readFileSync(file, 'utf8'), file)
    expect(models.find(({ id }) => id === 'inhouse/writer-1')?.deprecated?.replacement).toBe('inhouse/writer-2')
  })

  it('may be empty', () => {
    expect(over('# nothing yet\n')).toEqual(base)
  })

  it.each([
    ['an unknown field', `models:${large}\n    colour: blue`, /^mine\.yaml:2: models\.0: .*colour/],
    [
      'a price as a string',
      `models:${large.replace('inputUsd: 1', 'inputUsd: "1"')}`,
      /^mine\.yaml:4: models\.0\.price\.inputUsd: .*number/,
    ],
    [
      'a price below nothing',
      `models:${large.replace('inputUsd: 1', 'inputUsd: -1')}`,
      /^mine\.yaml:4: models\.0\.price\.inputUsd: /,
    ],
    ['a model twice', `models:${large}${large}`, /^mine\.yaml:8: models\.1\.id: 'one\/large' is listed twice/],
    [
      'a provider twice',
      'providers:\n  - { id: one }\n  - { id: one }',
      /^mine\.yaml:3: providers\.1\.id: 'one' is listed twice/,
    ],
    ['a new model that lacks something', 'models:\n  - { id: one/tiny }', /^mine\.yaml:2: models\.0\.capabilities: /],
    [
      'a model without its output limit',
      `models:${large.replace('    outputTokensMax: 100\n', '')}`,
      /models\.0\.outputTokensMax: is needed/,
    ],
    ['a model of nobody', `models:${large.replace('one/large', 'two/large')}`, /^mine\.yaml:2: models\.0\.id: no provider 'two'/],
    [
      'an alias that names a model',
      `models:${large}\n    aliases: [one/small]`,
      /^mine\.yaml:8: models\.0\.aliases\.0: 'one\/small' already/,
    ],
    ['an alias of a mode', `models:${large}\n    aliases: [weft/auto]`, /models\.0\.aliases\.0: /],
    [
      'a replacement nobody lists',
      `models:${large}\n    deprecated: { since: 2026-01-01, replacement: one/none }`,
      /^mine\.yaml:8: models\.0\.deprecated\.replacement: 'one\/none' is not listed/,
    ],
    ['a day that is none', `models:${large}\n    deprecated: { since: soon }`, /^mine\.yaml:8: models\.0\.deprecated\.since: /],
    ['what is no YAML', 'models: [', /^mine\.yaml:\d+: /],
    ['another shape', '- 1', /^mine\.yaml:1: /],
  ])('is refused with file and line for %s', (_what, source, message) => {
    expect(problemsOf(source)).toMatch(message)
  })
})
