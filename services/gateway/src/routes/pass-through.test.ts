import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { createModels, type Models } from '@weft/models'
import { gatewayStopping } from '../core/turn-end.ts'
import { startGateway, type TestGateway } from '../testing/start-gateway.ts'

/** A provider that streams two words, then waits until its caller leaves when asked to. */
let upstream: Server
let upstreamClosed = 0
let gateway: TestGateway
let models: Models

beforeAll(async () => {
  upstream = createServer((request, response) => {
    let body = ''
    request.on('data', (data) => {
      body += String(data)
    })
    request.on('end', () => {
      response.once('close', () => {
        upstreamClosed += response.writableFinished ? 0 : 1
      })
      if (body.includes('overloaded')) {
        response.writeHead(Number(/overloaded (\d{3})/.exec(body)?.[1]), {
          'content-type': 'application/json',
          'retry-after': '7',
        })
        response.end('{"error":{"message":"slow down","type":"rate_limit_error","param":null,"code":null}}')
        return
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const chunk = (delta: object, finish_reason: string | null = null) =>
        `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason }] })}\n\n`
      response.write(chunk({ role: 'assistant', content: '' }) + chunk({ content: 'two words' }))
      if (!body.includes('wait')) response.end(`${chunk({}, 'stop')}data: [DONE]\n\n`)
    })
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const { port } = upstream.address() as AddressInfo
  models = createModels({
    settings: { OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`, OPENAI_API_KEY: 'sk-test' },
    telemetry: { logger: quietLogger as never },
  })
})
afterAll(async () => {
  await models.stop()
  upstream.closeAllConnections()
  await new Promise((resolve) => upstream.close(resolve))
})
beforeEach(async () => {
  upstreamClosed = 0
  gateway = await startGateway({ models })
})
afterEach(() => gateway.stop())

const quietLogger = { info: () => undefined }
const chat = (content: string) => ({ model: 'openai/m', messages: [{ role: 'user' as const, content }] })

function post(body: object, init: RequestInit = {}): Promise<Response> {
  return gateway.request('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...init,
  })
}

describe('a request for one model', () => {
  it('is answered as the published client expects, without a session', async () => {
    const client = gateway.client(await gateway.makeKey())
    const completion = await client.chat.completions.stream(chat('hello')).finalChatCompletion()
    expect(completion.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'two words' } })
    expect(gateway.session.submitted).toEqual([])
  })

  it('names an unknown model in the parameter', async () => {
    const response = await post({ ...chat('hello'), model: 'acme/m' })
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { param: 'model', code: 'model_not_found' } })
  })

  it.each([
    [429, 429],
    [503, 502],
    [529, 502],
  ])('hands the provider’s wish to wait on: %i', async (upstreamStatus, status) => {
    const response = await post(chat(`overloaded ${upstreamStatus}`))
    expect(response.status).toBe(status)
    expect(response.headers.get('retry-after')).toBe('7')
    expect(response.headers.get('x-should-retry')).toBe('true')
  })

  it('goes to the configured provider, and nowhere else that the caller names', async () => {
    let calls = 0
    const trap = createServer((_request, response) => {
      calls += 1
      response.end()
    })
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`
    const image = { type: 'image_url', image_url: { url: `${url}/image.png` } }
    const named = { api_base: url, base_url: url, apiBase: url, endpoint: url, proxy: url }
    const headers = { 'content-type': 'application/json', 'x-portkey-config': `{"custom_host":"${url}"}`, 'x-upstream': url }
    const body = { ...chat('hello'), stream: true, messages: [{ role: 'user', content: [image] }], ...named }
    expect(await (await post(body, { headers })).text()).toContain('two words')
    expect((await post({ ...body, weft: { baseUrl: url } }, { headers })).status).toBe(400)
    await new Promise((resolve) => trap.close(resolve))
    expect(calls).toBe(0)
  })

  it('is cancelled upstream when its reader hangs up', async () => {
    const abort = new AbortController()
    const response = await post({ ...chat('wait'), stream: true }, { signal: abort.signal })
    await response.body?.getReader().read()
    abort.abort()
    while (upstreamClosed === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(upstreamClosed).toBe(1)
  })

  it('ends with a typed error when the gateway stops in the middle', async () => {
    const response = await post({ ...chat('wait'), stream: true })
    const text = response.text()
    setTimeout(() => gateway.streams.endAll(gatewayStopping()), 30)
    expect(await text).toContain('"code":"dependency_unavailable"')
    expect(await text).not.toContain('[DONE]')
  })
})
