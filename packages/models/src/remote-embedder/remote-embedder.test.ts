import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createEmbedder } from '../embeddings/create-embedder.ts'
import type { RunningEmbedder } from '../embeddings/embedder.ts'
import { failureOf } from '../testing/collect-events.ts'
import { type EmbeddingServer, startEmbeddingServer } from '../testing/embedding-server.ts'

const keys = { OPENAI_API_KEY: 'test-key', VOYAGE_API_KEY: 'test-key' }

/** A text's vector as the server makes it, of length one. */
function expected(text: string): number[] {
  const vector = [text.length, 1, 2, 3]
  return vector.map((value) => value / Math.hypot(...vector))
}

function expectVector(vector: Float32Array | undefined, text: string): void {
  expect(vector).toHaveLength(4)
  for (const [at, value] of expected(text).entries()) expect(vector?.[at]).toBeCloseTo(value, 6)
}

describe.each(['openai', 'voyage'] as const)('an embedding model of %s', (wire) => {
  let server: EmbeddingServer
  let embedder: RunningEmbedder
  beforeEach(async () => {
    server = await startEmbeddingServer({ wire })
    embedder = open(server)
  })
  afterEach(async () => {
    await embedder.stop()
    await server.stop()
  })
  const open = ({ url }: EmbeddingServer, settings: Record<string, string> = keys) =>
    createEmbedder({ ...settings, [`${wire.toUpperCase()}_BASE_URL`]: url }, `${wire}/test-model`)
  const embed = (...texts: string[]) => embedder.embed({ texts, purpose: 'document' })

  it('answers a vector of length one for each text, in the order of the texts', async () => {
    const { vectors, inputTokens } = await embed('rain', 'a long river')
    expect(vectors.map((each) => each.length)).toEqual([1, 1])
    expectVector(vectors[0]?.[0], 'rain')
    expectVector(vectors[1]?.[0], 'a long river')
    expect(inputTokens).toBe(6)
    expect(server.refusals).toEqual([])
  })

  it('says what its vectors are like after one answer, and asks no second time', async () => {
    expect(await embedder.describe()).toMatchObject({ id: `${wire}/test-model`, dimensions: 4, isNormalised: true })
    await embedder.describe()
    expect(server.requests).toHaveLength(1)
  })

  it('sends no more texts in one request than the provider takes', async () => {
    const texts = Array.from({ length: 2_500 }, (_, index) => `text ${index}`)
    const { vectors } = await embed(...texts)
    expect(vectors).toHaveLength(2_500)
    expectVector(vectors[2_499]?.[0], 'text 2499')
    expect(server.refusals).toEqual([])
    expect(server.requests.length).toBe(wire === 'openai' ? 2 : 3)
  })

  it('sends no more tokens in one request than the provider takes', async () => {
    await embed(...Array.from({ length: 60 }, () => 'é'.repeat(3_500)))
    for (const { body } of server.requests) {
      const bytes = Buffer.byteLength(JSON.stringify(body.input))
      expect(bytes).toBeLessThan(wire === 'openai' ? 301_000 : 121_000)
    }
    expect(server.requests.length).toBe(wire === 'openai' ? 2 : 4)
  })

  it('gives a document longer than the model sees several vectors, and a question one', async () => {
    const long = 'word '.repeat(4_000)
    const { vectors } = await embed('short', long, 'short')
    expect(vectors.map((each) => each.length)).toEqual([1, wire === 'openai' ? 3 : 2, 1])
    const question = await embedder.embed({ texts: [long], purpose: 'query' })
    expect(question.vectors[0]).toHaveLength(1)
  })

  it('waits as long as it is told to when it asks too often, and goes on', async () => {
    server.script({ kind: 'error', status: 429, headers: { 'retry-after-ms': '120' } })
    const startedAt = performance.now()
    const { vectors } = await embed('rain')
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(119)
    expect(vectors).toHaveLength(1)
    expect(server.requests).toHaveLength(2)
  })

  it('does not wait longer than is bearable, and says when to come back', async () => {
    server.script({ kind: 'error', status: 429, headers: { 'retry-after': '3600' } })
    expect(await failureOf(embed('rain'))).toMatchObject({
      code: 'rate_limit_exceeded',
      isRetryable: true,
      retryAfterMs: 3_600_000,
    })
    expect(server.requests).toHaveLength(1)
  })

  it('gives up after a few attempts', async () => {
    const busy = { kind: 'error', status: 429, headers: { 'retry-after-ms': '1' } } as const
    server.script(busy, busy, busy, busy, busy, busy)
    expect(await failureOf(embed('rain'))).toMatchObject({ code: 'rate_limit_exceeded' })
    expect(server.requests).toHaveLength(5)
  })

  it('tries a question twice at most', async () => {
    const busy = { kind: 'error', status: 429, headers: { 'retry-after-ms': '1' } } as const
    server.script(busy, busy, busy)
    await failureOf(embedder.embed({ texts: ['rain'], purpose: 'query' }))
    expect(server.requests).toHaveLength(2)
  })

  it('tries no refused request again, and tells the provider’s reason', async () => {
    server.script({ kind: 'error', status: 400, message: 'the model is sleeping' })
    expect(await failureOf(embed('rain'))).toMatchObject({
      code: 'invalid_request',
      isRetryable: false,
      message: `${wire}: the model is sleeping`,
    })
    expect(server.requests).toHaveLength(1)
  })

  it('refuses vectors of another size than those before', async () => {
    await embed('rain')
    server.answerDimensions(5)
    expect(await failureOf(embed('rain'))).toMatchObject({
      code: 'upstream_error',
      isRetryable: false,
      message: expect.stringContaining('5 dimensions, and those before had 4'),
    })
  })

  it('asks again when the connection is cut in the middle of an answer', async () => {
    server.script({ kind: 'cut', chunks: [] })
    expect((await embed('rain')).vectors).toHaveLength(1)
    expect(server.requests).toHaveLength(2)
  })

  it('names the variable of a key that is refused, and never the key', async () => {
    embedder = open(server, { OPENAI_API_KEY: 'secret-one', VOYAGE_API_KEY: 'secret-one' })
    const failure = await failureOf(embed('rain'))
    expect(failure).toMatchObject({ code: 'authentication', message: expect.stringContaining(`${wire.toUpperCase()}_API_KEY`) })
    expect(failure.message).not.toContain('secret')
  })

  it('stops asking when nobody waits any more', async () => {
    server.script({ kind: 'stall', chunks: [] })
    const control = new AbortController()
    const asked = failureOf(embedder.embed({ texts: ['rain'], purpose: 'query', signal: control.signal }))
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    control.abort()
    expect(await asked).toMatchObject({ code: 'cancelled' })
    await server.sawAborts(1)
  })
})

it('tells Voyage which texts are questions', async () => {
  const server = await startEmbeddingServer({ wire: 'voyage' })
  const embedder = createEmbedder({ ...keys, VOYAGE_BASE_URL: server.url }, 'voyage/test-model')
  await embedder.embed({ texts: ['rain'], purpose: 'query' })
  await embedder.embed({ texts: ['rain'], purpose: 'document' })
  expect(server.requests.map(({ body }) => body.input_type)).toEqual(['query', 'document'])
  await server.stop()
})

describe('a server of one’s own that speaks OpenAI’s wire', () => {
  it('is asked without a key, and may know no base64', async () => {
    const server = await startEmbeddingServer({ wire: 'openai', apiKey: 'none', isFloatOnly: true })
    const settings = { WEFT_EMBEDDER: 'openai/tiny', WEFT_EMBEDDER_BASE_URL: server.url }
    const { vectors } = await createEmbedder(settings, 'openai/tiny').embed({ texts: ['rain'], purpose: 'query' })
    expectVector(vectors[0]?.[0], 'rain')
    await server.stop()
  })

  it('gets shorter texts once it refused one as too long', async () => {
    const server = await startEmbeddingServer({ wire: 'openai', textBytesMax: 600 })
    const embedder = createEmbedder({ ...keys, OPENAI_BASE_URL: server.url }, 'openai/small')
    const { vectors } = await embedder.embed({ texts: ['word '.repeat(400), 'rain'], purpose: 'document' })
    expect(vectors.map((each) => each.length)).toEqual([4, 1])
    expect(await embedder.describe()).toMatchObject({ inputTokensMax: 512 })
    await server.stop()
  })
})
