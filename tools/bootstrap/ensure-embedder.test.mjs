import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { embedderFolder, ensureEmbedder, isEmbedderSettled } from './ensure-embedder.mjs'

let cache
let notes

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'weft-embedder-'))
  notes = []
})
afterEach(() => rmSync(cache, { recursive: true }))

const ensure = (env) => ensureEmbedder({ cache, env, nodeBin: process.execPath, note: (text) => notes.push(text) })

it('leaves the weights alone when told so', async () => {
  await ensure({ WEFT_EMBEDDER_SOURCE: 'off' })
  expect(notes).toEqual(['off'])
  expect(readdirSync(cache)).toEqual([])
})

it('refuses files that are not the published ones, goes on without them, and does not try again within the hour', async () => {
  const source = join(cache, 'source')
  mkdirSync(source)
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'])
    writeFileSync(join(source, name), '{}')
  const env = { WEFT_EMBEDDER_SOURCE: source }
  expect(await ensure(env)).toBeUndefined()
  expect(notes.at(-1)).toMatch(/^search will go by words alone: config.json is not that of all-MiniLM-L6-v2: its SHA-256 is /)
  expect(embedderFolder({ cache, env })).toBeUndefined()
  expect(isEmbedderSettled({ cache, env })).toBe(true)
  const anHourAgo = Date.now() / 1_000 - 3_601
  utimesSync(join(cache, 'embedder-unavailable'), anHourAgo, anHourAgo)
  expect(isEmbedderSettled({ cache, env })).toBe(false)
  expect(readdirSync(cache).filter((name) => name.startsWith('unfinished'))).toEqual([])
})

it('takes a model of the user as it is', () => {
  const folder = join(cache, 'own')
  mkdirSync(folder)
  expect(embedderFolder({ cache, env: { WEFT_EMBEDDER_FOLDER: folder } })).toBeUndefined()
  writeFileSync(join(folder, 'model.onnx'), '')
  expect(embedderFolder({ cache, env: { WEFT_EMBEDDER_FOLDER: folder } })).toBe(folder)
})
