import { afterAll, beforeAll, expect, it } from '@jest/globals'
import express, { Router } from 'express'
import { serverSpans } from './server-spans.ts'
import { startTelemetry, type Telemetry } from './telemetry.ts'
import { type OtlpReceiver, startOtlpReceiver } from './testing.ts'
import { currentTraceparent, traceHeaders, withSpan } from './tracing.ts'

const trace = 'c'.repeat(32)
const caller = { traceparent: `00-${trace}-${'d'.repeat(16)}-01`, baggage: 'session.id=sess_1' }

let receiver: OtlpReceiver
let telemetry: Telemetry
const servers: { close(): unknown; closeAllConnections(): void }[] = []
let trusting: string
let distrusting: string
beforeAll(async () => {
  receiver = await startOtlpReceiver()
  const identity = { serviceName: 'web', serviceVersion: '1', instanceId: '0', logLevel: 'error' }
  telemetry = await startTelemetry({ ...identity, otlpTracesEndpoint: `${receiver.endpoint}/v1/traces` })
  trusting = await serve(true)
  distrusting = await serve(false)
})
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  await telemetry.stop()
  await receiver.stop()
})

async function serve(trustBaggage: boolean): Promise<string> {
  const app = express()
  app.use(serverSpans({ trustBaggage }))
  app.get('/readyz', (_request, response) => void response.json({ traceparent: currentTraceparent() ?? null }))
  const items = Router()
  items.get('/items/:id', async (_request, response) => {
    response.json(await withSpan('work', {}, async () => traceHeaders()))
  })
  items.get('/broken', (_request, response) => void response.status(503).end())
  items.get('/endless', (_request, response) => void response.write('a'))
  app.use('/v1', items)
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  servers.push(server)
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

const spanNamed = async (name: string) =>
  (await receiver.waitFor((spans) => spans.some((span) => span.name === name), 60_000)).find((span) => span.name === name)

it('continues the trace of the caller, named by the route and never by ids', async () => {
  const passedOn = await (await fetch(`${trusting}/v1/items/7?q=private`, { headers: caller })).json()
  expect(passedOn).toEqual({ traceparent: expect.stringContaining(trace), baggage: 'session.id=sess_1' })
  const server = await spanNamed('GET /v1/items/:id')
  const attributes = {
    'http.request.method': 'GET',
    'http.route': '/v1/items/:id',
    'http.response.status_code': 200,
    'url.path': '/v1/items/7',
    'session.id': 'sess_1',
  }
  expect(server).toMatchObject({ service: 'web', kind: 2, traceId: trace, parentSpanId: 'd'.repeat(16), isError: false })
  expect(server?.attributes).toEqual(attributes)
  expect(await spanNamed('work')).toMatchObject({ traceId: trace, parentSpanId: server?.spanId })
})

it('drops the baggage of callers outside the mesh, and keeps their trace', async () => {
  const passedOn = await (await fetch(`${distrusting}/v1/items/8`, { headers: caller })).json()
  expect(passedOn).toEqual({ traceparent: expect.stringContaining(trace) })
})

it('leaves health out', async () => {
  expect(await (await fetch(`${trusting}/readyz`, { headers: caller })).json()).toEqual({ traceparent: null })
})

it('marks answers that failed, and clients that left before the end', async () => {
  await fetch(`${trusting}/v1/broken`)
  expect(await spanNamed('GET /v1/broken')).toMatchObject({ isError: true, attributes: { 'error.type': '503' } })
  const leaving = new AbortController()
  await fetch(`${trusting}/v1/endless`, { signal: leaving.signal })
  leaving.abort()
  expect(await spanNamed('GET /v1/endless')).toMatchObject({ attributes: { 'weft.client_disconnected': true } })
})

it('records how long requests took, by route', async () => {
  await fetch(`${trusting}/v1/broken`)
  const text = await telemetry.metricsText()
  expect(text).toMatch(
    /http_server_request_duration_count\{[^}]*http_response_status_code="503",http_route="\/v1\/broken"[^}]*\} [1-9]/,
  )
  expect(text).not.toContain('readyz')
})
