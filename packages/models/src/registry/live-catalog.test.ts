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
