import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createModels, type Models } from '@weft/models'
import { type EmbeddingServer, startEmbeddingServer } from '@weft/models/testing'
import { apiErrorOf } from '../testing/model-gateway.ts'
import { startGateway, type TestGateway } from '../testing/start-gateway.ts'

const local = 'local/all-MiniLM-L6-v2'
const remote = 'openai/embedder'
let server: EmbeddingServer
let models: Models
let gateway: TestGateway

/** Sees 60 characters, and cuts what is longer in parts. */
const localEmbedder = {
  embed: async ({ texts }: { texts: string[] }) => {
    const vectorsOf = (text: string) => Array.from({ length: Math.ceil(text.length / 60) }, () => new Float32Array(384).fill(0.5))
    return { vectors: texts.map(vectorsOf), inputTokens: 3 * texts.length }
  },
}

beforeAll(async () => {
  server = await startEmbeddingServer({ wire: 'openai' })
  const settings = { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: server.url, WEFT_EMBEDDER_FOLDER: '/nowhere' }
  models = createModels({ settings, telemetry: { logger: { info: () => undefined } }, localEmbedder })
  gateway = await startGateway({ models })
})
afterAll(async () => {
  await gateway.stop()
  await models.stop()
  await server.stop()
})

const client = async () => gateway.client(await gateway.makeKey())
const post = (body: object) => {
  const headers = { 'content-type': 'application/json' }
  return gateway.request('/v1/embeddings', { method: 'POST', headers, body: JSON.stringify(body) })
}

it('fields that the mesh’s own model does not know are named, and handed on to a provider', async () => {
  const asked = (model: string) => post({ model, input: 'one', truncate: 'end', weft: {} })
  expect((await asked(local)).headers.get('x-weft-ignored-fields')).toBe('truncate, weft')
  expect((await asked(remote)).headers.get('x-weft-ignored-fields')).toBe('weft')
})

it('no text at all is refused saying what an input is', async () => {
  const response = await post({ model: local, input: [] })
  expect(await response.json()).toMatchObject({
    error: { param: 'input', message: expect.stringContaining('at least one text') },
  })
})

describe.each([
  [local, 384],
  [remote, 4],
])('vectors of %s', (model, dimensions) => {
  it('are whole for the published client, which asks for base64, and equal to those as numbers', async () => {
    const { embeddings } = await client()
    const input = ['one', 'three']
    const asked = await embeddings.create({ model, input })
    const numbers = await embeddings.create({ model, input, encoding_format: 'float' })
    expect(asked.data.map(({ embedding }) => embedding.length)).toEqual([dimensions, dimensions])
    expect(asked.data).toEqual(numbers.data)
    expect(asked).toMatchObject({ object: 'list', model, usage: { prompt_tokens: 6, total_tokens: 6 } })
    expect(asked.data.map(({ index }) => index)).toEqual([0, 1])
  })

  it('may be of one text', async () => {
    expect((await (await client()).embeddings.create({ model, input: 'one' })).data).toHaveLength(1)
  })

  it('are refused where the model has no vectors of that length', async () => {
    const failure = await apiErrorOf((await client()).embeddings.create({ model, input: 'x', dimensions: 7 }))
    expect(failure).toMatchObject({ status: 400, param: 'dimensions' })
  })
})

describe('a request for embeddings', () => {
  it('may be of tokens, where the model takes them', async () => {
    const { embeddings } = await client()
    const { data } = await embeddings.create({ model: remote, input: [[1, 2], [3]] })
    expect(data.map(({ embedding }) => embedding[0])).toEqual([2, 1])
    expect(server.requests.at(-1)?.body).toMatchObject({ input: [[1, 2], [3]], model: 'embedder' })
    expect((await embeddings.create({ model: remote, input: [1, 2, 3] })).data).toHaveLength(1)
  })

  it('is sent in several requests where one may not hold it all', async () => {
    const before = server.requests.length
    const texts = Array.from({ length: 5 }, (_, at) => String(at).repeat(100_000))
    const { data } = await (await client()).embeddings.create({ model: remote, input: texts, encoding_format: 'float' })
    expect(data).toHaveLength(5)
    expect(server.requests.length - before).toBe(2)
  })

  it.each([
    [{ input: 'x' }, 'model'],
    [{ model: local }, 'input'],
    [{ model: local, input: '' }, 'input'],
    [{ model: local, input: [] }, 'input'],
    [{ model: local, input: ['x', ''] }, 'input.1'],
    [{ model: local, input: [[1, 2]] }, 'input'],
    [{ model: local, input: { text: 'x' } }, 'input'],
    [{ model: local, input: ['x', 'y'.repeat(61)] }, 'input.1'],
    [{ model: local, input: 'x', encoding_format: 'hex' }, 'encoding_format'],
    [{ model: local, input: 'x', dimensions: 0 }, 'dimensions'],
    [{ model: 'nobody/none', input: 'x' }, 'model'],
    [{ model: 'offline/extractive', input: 'x' }, 'model'],
  ])('is refused for %j, naming %s', async (body, param) => {
    const response = await post(body)
    expect([400, 404]).toContain(response.status)
    expect(await response.json()).toMatchObject({ error: { param } })
  })

  it('of more texts than 2,048 is refused, naming input', async () => {
    const response = await post({ model: local, input: Array.from({ length: 2_049 }, () => 'x') })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { param: 'input' } })
  })

  it('of 50 MB is refused as too large', async () => {
    expect((await post({ model: local, input: 'x'.repeat(50_000_000) })).status).toBe(413)
  })

  it('keeps its provider’s refusal', async () => {
    server.script({ kind: 'error', status: 429, headers: { 'retry-after': '3' } })
    const response = await post({ model: remote, input: 'x' })
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '3'])
  })

  it('of a server that knows no base64 is answered in base64 all the same', async () => {
    const plain = await startEmbeddingServer({ wire: 'openai', isFloatOnly: true })
    const own = createModels({
      settings: { OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: plain.url },
      telemetry: { logger: { info: () => undefined } },
    })
    const other = await startGateway({ models: own })
    const { data } = await other.client(await other.makeKey()).embeddings.create({ model: remote, input: 'one' })
    expect(data[0]?.embedding).toEqual([3, 1, 2, 3])
    await other.stop()
    await own.stop()
    await plain.stop()
  })

  it('is not a chat: a model that only embeds does not write, and says so', async () => {
    const chat = (await client()).chat.completions.create({ model: local, messages: [{ role: 'user', content: 'x' }] })
    expect(await apiErrorOf(chat)).toMatchObject({ status: 400, param: 'model' })
  })
})
