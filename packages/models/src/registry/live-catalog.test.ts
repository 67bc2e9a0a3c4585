import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { defaultTimeouts } from '../attempt/call-guard.ts'
import { createLiveCatalog, type LiveCatalog } from './live-catalog.ts'

let folder: string
let file: string
let catalog: LiveCatalog | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-models-'))
  file = join(folder, 'models.yaml')
})
afterEach(() => {
  catalog?.stop()
  rmSync(folder, { recursive: true })
})

const priced = (inputUsd: number) =>
  `models:\n  - { id: openai/gpt-6-luna, price: { inputUsd: ${inputUsd}, outputUsd: 1 }, aliases: [quick] }\n`

function open(told: string[] = []): LiveCatalog {
  const tell = (message: string) => told.push(message)
  const settings = { OPENAI_API_KEY: 'k', WEFT_MODELS_FILE: file }
  catalog = createLiveCatalog({ settings, timeouts: defaultTimeouts, logger: { info: tell, warn: tell }, pollMs: 10 })
  return catalog
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(10)
}

describe('the file of WEFT_MODELS_FILE', () => {
  it('counts for the next call after it changed', async () => {
    writeFileSync(file, priced(1))
    const live = open()
    expect(live.get('quick')).toMatchObject({ id: 'openai/gpt-6-luna', price: { inputUsd: 1 } })
    writeFileSync(file, priced(22))
    await until(() => live.get('quick')?.price?.inputUsd === 22)
    expect(live.state().problem).toBeUndefined()
  })

  it('is kept as it was while a new version cannot be used, which is said', async () => {
    writeFileSync(file, priced(1))
    const told: string[] = []
    const live = open(told)
    writeFileSync(file, priced(1).replace('inputUsd: 1', 'inputUsd: cheap'))
    await until(() => live.state().problem !== undefined)
    expect(live.get('quick')).toMatchObject({ price: { inputUsd: 1 } })
    expect(live.state().problem).toContain(`${file}:2: models.0.price.inputUsd: `)
    expect(told.at(-1)).toContain('was kept as it was')
    rmSync(file)
    await until(() => live.state().problem?.includes('cannot be read') === true)
    writeFileSync(file, priced(3))
    await until(() => live.get('quick')?.price?.inputUsd === 3)
    expect(live.state().problem).toBeUndefined()
  })

  it('is refused at the start when it is missing or wrong', () => {
    expect(() => open()).toThrow(/models\.yaml: the file of WEFT_MODELS_FILE cannot be read/)
    writeFileSync(file, 'models: 3')
    expect(() => open()).toThrow(/models\.yaml:1: models: /)
  })
})

describe('what is set while the process runs', () => {
  function openWith(source: string | undefined, told: string[] = []) {
    const set: { value: unknown; tell: () => void } = { value: undefined, tell: () => undefined }
    const tell = (message: string) => told.push(message)
    const ofFile = source === undefined ? {} : { WEFT_MODELS_FILE: file }
    if (source !== undefined) writeFileSync(file, source)
    const overlay = { value: () => set.value, onChange: (listener: () => void) => Object.assign(set, { tell: listener }) }
    const settings = { OPENAI_API_KEY: 'k', ...ofFile }
    catalog = createLiveCatalog({ settings, timeouts: defaultTimeouts, logger: { info: tell, warn: tell }, overlay, pollMs: 10 })
    const change = (value: unknown) => {
      set.value = value
      set.tell()
    }
    return { live: catalog, change }
  }

  it('lies over the file, and leaves it when it is taken back', () => {
    const { live, change } = openWith(priced(1))
    change({ models: [{ id: 'openai/gpt-6-luna', price: { inputUsd: 5, outputUsd: 1 } }] })
    expect(live.get('quick')?.price?.inputUsd).toBe(5)
    change(undefined)
    expect(live.get('quick')?.price?.inputUsd).toBe(1)
    expect(live.fileOverlay()).toMatchObject({ models: [{ aliases: ['quick'] }] })
  })

  it('adds a server that needs no key', () => {
    const { live, change } = openWith(undefined)
    change({ providers: [{ id: 'mine', wire: 'openai', baseUrl: 'http://10.0.0.1/v1', servesUnlisted: true }] })
    expect(live.get('mine/any')).toMatchObject({ id: 'mine/any', provider: 'mine' })
  })

  it('is kept as it was when it cannot be used, and stands when the file changes beside it', async () => {
    const { live, change } = openWith(priced(1))
    change({ models: [{ id: 'openai/gpt-6-luna', firstTokenMs: 7 }] })
    change({ models: [{ id: 'openai/gpt-6-luna', firstTokenMs: 'soon' }] })
    expect(live.get('quick')?.firstTokenMs).toBe(7)
    expect(live.state().problem).toContain('models.models.0.firstTokenMs: ')
    change({ models: [{ id: 'openai/gpt-6-luna', firstTokenMs: 8 }] })
    writeFileSync(file, priced(22))
    await until(() => live.get('quick')?.price?.inputUsd === 22)
    expect(live.get('quick')?.firstTokenMs).toBe(8)
    expect(live.state().problem).toBeUndefined()
  })

  it('keeps no new version of the file away when it cannot be used itself, and is still told of', async () => {
    const { live, change } = openWith(priced(1))
    change({ models: [{ id: 'openai/gone-with-an-upgrade', firstTokenMs: 7 }] })
    const { problem } = live.state()
    expect(problem).toContain('models.models.0.price')
    writeFileSync(file, priced(22))
    await until(() => live.get('quick')?.price?.inputUsd === 22)
    expect(live.state().problem).toBe(problem)
  })

  it('counts while a new version of the file cannot be used', async () => {
    const { live, change } = openWith(priced(1))
    writeFileSync(file, 'models: 3')
    await until(() => live.state().problem !== undefined)
    change({ models: [{ id: 'openai/gpt-6-luna', firstTokenMs: 7 }] })
    expect(live.get('quick')).toMatchObject({ firstTokenMs: 7, price: { inputUsd: 1 } })
    expect(live.state().problem).toContain('models.yaml:1')
  })

  it.each([
    ['another address for a key', { id: 'openai', baseUrl: 'https://elsewhere.example/v1' }, 'baseUrl'],
    ['another variable of an address', { id: 'openai', baseUrlVariable: 'OLLAMA_BASE_URL' }, 'baseUrlVariable'],
    ['another key', { id: 'ollama', keyVariable: 'OPENAI_API_KEY' }, 'keyVariable'],
    [
      'a new provider with a key',
      { id: 'mine', wire: 'openai', baseUrl: 'https://elsewhere.example', keyVariable: 'DAPR_API_TOKEN' },
      'keyVariable',
    ],
  ])('never has a key sent elsewhere: %s', (_what, provider, field) => {
    const { live, change } = openWith(undefined)
    const connections = () => live.providers().map(({ connection }) => connection?.baseUrl)
    const before = connections()
    const wrong = new RegExp(`^models\\.providers\\.0\\.${field}: where a key is sent`)
    expect(() => live.withOverlay({ providers: [provider] })).toThrow(wrong)
    change({ providers: [provider] })
    expect(connections()).toEqual(before)
  })
})
