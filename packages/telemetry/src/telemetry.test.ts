import { createServer } from 'node:http'
import { expect, it } from '@jest/globals'
import { recordModelCall } from './genai.ts'
import { startTelemetry } from './telemetry.ts'
import { currentTraceparent, traceHeaders, withSessionId, withSpan, withTraceparent } from './tracing.ts'

it('sends spans as one tree, across headers, with the session id; and counts model calls', async () => {
  const received: string[] = []
  const receiver = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => received.push(text))
    request.on('end', () => response.end('{}'))
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const address = receiver.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const telemetry = await startTelemetry({
    serviceName: 'test',
    serviceVersion: '1',
    instanceId: '0',
    logLevel: 'error',
    otlpEndpoint: `http://127.0.0.1:${port}`,
  })

  await withSessionId('sess_1', () =>
    withSpan('outer', {}, async () => {
      const { traceparent } = traceHeaders()
      expect(traceHeaders()['baggage']).toContain('session.id=sess_1')
      await withTraceparent(traceparent, () => withSpan('inner', { kind: 'client' }, async () => undefined))
    }),
  )
  recordModelCall({ model: 'm', provider: 'p', inputTokens: 7, outputTokens: 2, costUsd: 0.5, measured: true, durationS: 0.1 })
  const text = await telemetry.metricsText()
  expect(text).toMatch(/gen_ai_client_token_usage\w*\{[^}]*gen_ai_token_type="input"[^}]*\} 7/)
  expect(text).toMatch(/weft_cost_usd\w*\{[^}]*\} 0\.5/)
  await telemetry.stop()
  receiver.close()
  receiver.closeAllConnections()

  const spans = received.flatMap((body) => JSON.parse(body).resourceSpans[0].scopeSpans[0].spans)
  const outer = spans.find((span) => span.name === 'outer')
  const inner = spans.find((span) => span.name === 'inner')
  expect(inner.parentSpanId).toBe(outer.spanId)
  expect(inner.traceId).toBe(outer.traceId)
  expect(inner.attributes).toContainEqual({ key: 'session.id', value: { stringValue: 'sess_1' } })
})

it('has no traceparent outside a span', () => {
  expect(currentTraceparent()).toBeUndefined()
})
