import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { bodyOf, openAiClient, request, sharedMesh, storeOf } from './mesh/shared-mesh.ts'

const chat = (body: string, headers: Record<string, string> = {}) =>
  request('/v1/chat/completions', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })
const valid = { model: 'weft/auto', messages: [{ role: 'user', content: 'hello' }] }

const ErrorBody = z.object({
  error: z.strictObject({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string().nullable() }),
})
const Key = z.looseObject({ id: z.string(), key: z.string() })
const Results = z.object({ data: z.array(z.looseObject({ filename: z.string() })) })

const errorOf = async (response: Response) => (await bodyOf(ErrorBody, response)).error

describe('a chat request is refused with an OpenAI error when it', () => {
  it('is not JSON', async () => {
    const response = await chat('{"model": "weft/auto", "messages": [')
    expect(response.status).toBe(400)
    expect((await errorOf(response)).message).toMatch(/JSON/)
    expect(response.headers.get('x-request-id')).toBeTruthy()
  })

  it('is nested a hundred thousand levels deep', async () => {
    const response = await chat(`{"model":"weft/auto","messages":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)
    expect(response.status).toBe(400)
  })

  it.each([
    ['messages', { ...valid, messages: 'hello' }],
    ['messages.0.role', { ...valid, messages: [{ role: 'wizard', content: 'x' }] }],
    ['temperature', { ...valid, temperature: 'hot' }],
    ['stream_options', { ...valid, stream_options: { include_usage: true } }],
    ['weft.vectorStoreIds', { ...valid, weft: { vectorStoreIds: 'vs_1' } }],
  ])('has a wrong %s, which it names', async (param, body) => {
    const response = await chat(JSON.stringify(body))
    expect(response.status).toBe(400)
    expect((await errorOf(response)).param).toBe(param)
  })

  it('names an unknown model, mode or vector store', async () => {
    for (const model of ['weft/teleport', 'nobody/nothing']) {
      const response = await chat(JSON.stringify({ ...valid, model }))
      expect(response.status).toBe(404)
      expect(await errorOf(response)).toMatchObject({ param: 'model', code: 'model_not_found' })
    }
    const response = await chat(JSON.stringify({ ...valid, weft: { vectorStoreIds: ['vs_nothing'] } }))
    expect(response.status).toBe(404)
    expect((await errorOf(response)).message).toContain('vs_nothing')
  })

  it('is larger than the limit', async () => {
    const response = await chat(JSON.stringify({ ...valid, messages: [{ role: 'user', content: 'x'.repeat(20 * 1_048_576) }] }))
    expect(response.status).toBe(413)
    expect((await errorOf(response)).message).toMatch(/\d/)
  })

  it('has no key, a wrong one, or one that was revoked a moment ago', async () => {
    expect((await request('/v1/models', { key: '' })).status).toBe(401)
    expect((await request('/v1/models', { key: 'weft_wrong' })).status).toBe(401)
    const made = await request('/v1/keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'short-lived', scopes: ['chat'] }),
    })
    const { id, key } = await bodyOf(Key, made)
    expect((await request('/v1/models', { key })).status).toBe(200)
    expect((await request('/v1/keys', { key })).status).toBe(403)
    await request(`/v1/keys/${id}`, { method: 'DELETE' })
    expect((await request('/v1/models', { key })).status).toBe(401)
  })

  it('comes with a foreign Host header, as a rebound name in a browser would send it', async () => {
    const { port, apiKey } = sharedMesh()
    const asked = httpRequest({
      port,
      host: '127.0.0.1',
      path: '/v1/models',
      headers: { host: 'evil.example', authorization: `Bearer ${apiKey}` },
    }).end()
    const [response] = await once(asked, 'response')
    response.resume()
    expect(response.statusCode).toBe(403)
  })
})

describe('a file is refused with its reason, and the others are kept, when it', () => {
  const upload = async (name: string, bytes: Uint8Array<ArrayBuffer> | string) => {
    const client = openAiClient()
    const store = await client.vectorStores.create({ name: `refusals ${name}` })
    return client.vectorStores.files.uploadAndPoll(store.id, new File([bytes], name), { pollIntervalMs: 50 })
  }

  it.each([
    ['binary.txt', new Uint8Array([0, 1, 2, 3, 255, 254, 0, 7]), /binary|UTF-8/i],
    [
      'broken.txt',
      new Uint8Array([0x63, 0x61, 0x66, 0xc3, 0xa9, 0x20, 0xc3, 0xa9, 0xe9]),
      /UTF-8 text but for byte 0xe9 at offset 8/,
    ],
    ['broken.pdf', '%PDF-1.7\nnothing that follows is a PDF', /PDF/i],
  ])('%s', async (name, bytes, reason) => {
    const added = await upload(name, bytes)
    expect(added.status).toBe('failed')
    expect(added.last_error?.message).toMatch(reason)
  })

  it('is empty', async () => {
    const response = await upload('empty.txt', '').catch((error: unknown) => error)
    expect(response).toMatchObject({ status: 400 })
  })

  it('is larger than the limit, before all of it is read', async () => {
    const chunk = new Uint8Array(1_048_576).fill(97)
    let sentBytes = 0
    const boundary = 'limit'
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="big.txt"\r\nContent-Type: text/plain\r\n\r\n`
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(head)),
      pull(controller) {
        sentBytes += chunk.byteLength
        if (sentBytes > 200 * 1_048_576) controller.close()
        else controller.enqueue(chunk)
      },
    })
    const init = {
      method: 'POST',
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body,
      duplex: 'half' as const,
    }
    const outcome = await request('/v1/files', init).then(
      (response) => response.status,
      () => 'connection closed',
    )
    expect([413, 'connection closed']).toContain(outcome)
  })
})

describe('searching', () => {
  it('a store that is not there is 404; a wrong filter is 400 with its place; 50 KB of query are searched', async () => {
    const search = (id: string, body: object) =>
      request(`/v1/vector_stores/${id}/search`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    expect((await search('vs_nothing', { query: 'x' })).status).toBe(404)
    const id = await storeOf('filters', { 'a.md': 'The walrus eats clams.' })
    const wrong = await search(id, { query: 'walrus', filters: { type: 'near', key: 'a', value: 1 } })
    expect(wrong.status).toBe(400)
    expect((await errorOf(wrong)).param).toContain('filters')
    const long = await search(id, { query: 'walrus clams '.repeat(3_900) })
    expect(long.status).toBe(200)
    expect((await bodyOf(Results, long)).data[0]?.filename).toBe('a.md')
  })
})
