import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { RunningEmbedder } from '../embeddings/embedder.ts'
import { startEmbedderThread } from './ask-thread.ts'
import { buildModel } from './build-model.ts'
import { createLocalEmbedder } from './local-embedder.ts'
import { referenceEmbedding } from './testing/reference-bert.ts'
import { tinyConfig, tinyVocabulary, tinyWeights, writeTinyModel } from './testing/tiny-model.ts'

let published: string
let exact: string
let quantised: string
const embedders: RunningEmbedder[] = []

beforeAll(async () => {
  published = await writeTinyModel()
  exact = await mkdtemp(join(tmpdir(), 'weft-tiny-exact-'))
  quantised = await mkdtemp(join(tmpdir(), 'weft-tiny-quantised-'))
  await buildModel({ from: published, to: exact, isQuantised: false })
  await buildModel({ from: published, to: quantised })
})

afterAll(async () => {
  await Promise.all(embedders.map((embedder) => embedder.stop()))
  for (const folder of [published, exact, quantised]) await rm(folder, { recursive: true })
})

function open(folder: string, options: { idleMs?: number } = {}): RunningEmbedder {
  const embedder = createLocalEmbedder({ folder, threads: 1, model: { ...tinyModel }, ...options })
  embedders.push(embedder)
  return embedder
}

const tinyModel = { id: 'local/tiny', dimensions: tinyConfig.hidden_size, isNormalised: true, inputTokensMax: 8 }
const sentences = ['a man is eating food .', 'bread', 'a man is eating bread', 'food food food']
const idsOf = (text: string) => [2, ...text.split(' ').map((word) => tinyVocabulary.indexOf(word)), 3]

it('embeds as the published model does, whatever shares its batch', async () => {
  const { vectors, inputTokens } = await open(exact).embed({ texts: sentences, purpose: 'document' })
  for (const [index, text] of sentences.entries()) {
    const expected = referenceEmbedding(tinyWeights(), idsOf(text))
    for (const [at, value] of expected.entries()) expect(vectors[index]?.[0]?.[at]).toBeCloseTo(value, 4)
  }
  expect(inputTokens).toBe(sentences.reduce((total, text) => total + idsOf(text).length, 0))
})

it('stays close to the published model in eight-bit numbers', async () => {
  const { vectors } = await open(quantised).embed({ texts: sentences, purpose: 'document' })
  for (const [index, text] of sentences.entries()) {
    const expected = referenceEmbedding(tinyWeights(), idsOf(text))
    const cosine = expected.reduce((total, value, at) => total + value * (vectors[index]?.[0]?.[at] ?? 0), 0)
    expect(cosine).toBeGreaterThan(0.99)
  }
})

it('gives a document that is too long for one vector several, of about equal parts', async () => {
  const embedder = open(exact)
  const { vectors } = await embedder.embed({ texts: ['a man is eating food . bread bread'], purpose: 'document' })
  const parts = ['a man is eating', 'food . bread bread'].map((text) => referenceEmbedding(tinyWeights(), idsOf(text)))
  expect(vectors[0]).toHaveLength(2)
  for (const [part, expected] of parts.entries())
    for (const [at, value] of expected.entries()) expect(vectors[0]?.[part]?.[at]).toBeCloseTo(value, 4)
})

it('sees the first tokens of a question that is too long, with the mark of its end', async () => {
  const embedder = open(exact)
  const { vectors } = await embedder.embed({ texts: ['a man is eating food . bread bread bread'], purpose: 'query' })
  const expected = referenceEmbedding(tinyWeights(), idsOf('a man is eating food .'))
  expect(vectors[0]).toHaveLength(1)
  for (const [at, value] of expected.entries()) expect(vectors[0]?.[0]?.[at]).toBeCloseTo(value, 4)
})

it('takes a question before the documents that wait', async () => {
  const embedder = open(exact)
  const order: string[] = []
  const texts = Array.from({ length: 600 }, () => 'a man is eating food .')
  const documents = embedder.embed({ texts, purpose: 'document' }).then(() => order.push('documents'))
  const question = embedder.embed({ texts: ['food'], purpose: 'query' }).then(() => order.push('question'))
  await Promise.all([documents, question])
  expect(order).toEqual(['question', 'documents'])
})

it('takes a question between two runs of the documents that it is at', async () => {
  const thread = startEmbedderThread({ folder: exact, inputTokensMax: tinyModel.inputTokensMax, threads: 1 })
  const order: string[] = []
  const texts = Array.from({ length: 10_000 }, () => 'a man is eating food .')
  await thread.embed({ texts: ['bread'], partsMax: 1, isUrgent: false })
  const documents = thread.embed({ texts, partsMax: 1, isUrgent: false }).then(() => order.push('documents'))
  // By then the thread is at them.
  await new Promise((resolve) => setTimeout(resolve, 30))
  const question = thread.embed({ texts: ['food'], partsMax: 1, isUrgent: true }).then(() => order.push('question'))
  await Promise.all([documents, question])
  expect(order).toEqual(['question', 'documents'])
  await thread.stop()
})

it('loads the model again after it had left memory', async () => {
  const embedder = open(exact, { idleMs: 1 })
  const before = await embedder.embed({ texts: ['bread'], purpose: 'query' })
  await new Promise((resolve) => setTimeout(resolve, 50))
  const after = await embedder.embed({ texts: ['bread'], purpose: 'query' })
  expect(after.vectors).toEqual(before.vectors)
})

it('refuses more than may wait, and stops waiting when told', async () => {
  const embedder = open(exact)
  const many = Array.from({ length: 10_001 }, () => 'food')
  await expect(embedder.embed({ texts: many, purpose: 'document' })).rejects.toMatchObject({ code: 'rate_limit_exceeded' })
  const control = new AbortController()
  const cancelled = embedder.embed({ texts: many.slice(0, 5_000), purpose: 'document', signal: control.signal })
  control.abort()
  await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' })
})

it('names what is missing when there is no model in its folder', async () => {
  const embedder = open(published)
  await expect(embedder.embed({ texts: ['food'], purpose: 'query' })).rejects.toMatchObject({
    code: 'upstream_error',
    message: expect.stringContaining('model.onnx'),
  })
})

it('tells which share of a single question’s words it knows', async () => {
  const embedder = open(exact)
  const shareOf = async (texts: string[], purpose: 'query' | 'document') => (await embedder.embed({ texts, purpose })).knownShare
  expect(await shareOf(['bread Brot eatingman'], 'query')).toBe(1 / 3)
  expect(await shareOf(['bread', 'Brot'], 'query')).toBeUndefined()
  expect(await shareOf(['bread Brot'], 'document')).toBeUndefined()
})

it('can be stopped while it works: what it is at is finished, what waits is refused, and the process goes on', async () => {
  const texts = Array.from({ length: 2_000 }, () => 'a man is eating food .')
  for (let round = 0; round < 5; round += 1) {
    const embedder = open(exact)
    await embedder.embed({ texts: ['bread'], purpose: 'query' })
    const refused = expect(embedder.embed({ texts, purpose: 'document' })).rejects.toMatchObject({ code: 'upstream_error' })
    await new Promise((resolve) => setTimeout(resolve, 5 * round))
    await embedder.stop()
    await refused
  }
})

it('leaves no identifier of the machine and no events to be sent, whatever its runtime does by default', async () => {
  const home = await mkdtemp(join(tmpdir(), 'weft-no-telemetry-'))
  const program = `
    const { createLocalEmbedder } = await import(${JSON.stringify(new URL('./local-embedder.ts', import.meta.url).href)})
    const embedder = createLocalEmbedder({ folder: ${JSON.stringify(exact)}, threads: 1, model: ${JSON.stringify(tinyModel)} })
    const { vectors } = await embedder.embed({ texts: ['bread'], purpose: 'query' })
    await embedder.stop()
    console.log(vectors.length)`
  // Bare: what marks a run of tests or of CI keeps the runtime from sending as well.
  const env = { HOME: home, XDG_CACHE_HOME: home, TMPDIR: home }
  const { stdout } = await promisify(execFile)(process.execPath, ['--eval', program], { env })
  const left = await readdir(home, { recursive: true })
  await rm(home, { recursive: true })
  expect({ stdout, left }).toEqual({ stdout: '1\n', left: [] })
})
