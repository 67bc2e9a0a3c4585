import { describe, expect, it } from '@jest/globals'
import { parseRegistry, RegistryError, readRegistry } from './read-registry.ts'

const good = `providers:
  - id: one
    wire: openai
    keyVariable: ONE_API_KEY
models:
  - id: one/small
    capabilities: [chat]
    price: { inputUsd: 1, outputUsd: 2 }
    contextTokens: 1000
    outputTokensMax: 100
    firstTokenMs: 10
`

function problemsOf(source: string): string {
  try {
    parseRegistry(source, 'models.yaml')
  } catch (thrown) {
    if (thrown instanceof RegistryError) return thrown.message
  }
  return ''
}

describe('the registry of models', () => {
  it('ships models of every provider the package speaks to, each with a price', () => {
    const { providers, models } = readRegistry()
    for (const provider of providers.filter(({ servesUnlisted }) => !servesUnlisted)) {
      expect(models.filter((model) => model.id.startsWith(`${provider.id}/`))).not.toEqual([])
    }
    expect(models.filter(({ id, price }) => !/^(offline|local)\//.test(id) && price.inputUsd === 0)).toEqual([])
  })

  it('names file, line, place and reason of what is wrong', () => {
    expect(problemsOf(good.replace('inputUsd: 1,', 'inputUsd: one,'))).toMatch(
      /^models\.yaml:8: models\.0\.price\.inputUsd: .*number/,
    )
    expect(problemsOf(good.replace('wire: openai', 'wire: carrier-pigeon'))).toMatch(/^models\.yaml:3: providers\.0\.wire: /)
    expect(problemsOf(good.replace('    contextTokens: 1000\n', ''))).toMatch(/^models\.yaml:6: models\.0\.contextTokens: /)
    expect(problemsOf(good.replace('firstTokenMs', 'firstTokenMilliseconds'))).toContain('firstTokenMilliseconds')
  })

  it('names the line of broken YAML', () => {
    expect(problemsOf('providers:\n  - id: [one\nmodels: []\n')).toMatch(/^models\.yaml:\d+: /)
  })

  it('refuses a model of an unlisted provider and an id listed twice', () => {
    expect(problemsOf(good.replace('one/small', 'two/small'))).toBe("models.yaml:6: models.0.id: no provider 'two' is listed")
    const twice = good + good.slice(good.indexOf('  - id: one/small'))
    expect(problemsOf(twice)).toBe("models.yaml:12: models.1.id: 'one/small' is listed twice")
  })
})
