import { createServer, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { expect, it } from '@jest/globals'
import { recordModelCall } from './genai.ts'
import { startTelemetry } from './telemetry.ts'
import { startOtlpReceiver } from './testing.ts'
import { withSpan } from './tracing.ts'

const identity = { serviceName: 'test', serviceVersion: '1', instanceId: '0', logLevel: 'info' }
const call = {
  model: 'openai/m',
  provider: 'openai',
  inputTokens: 7,
  outputTokens: 2,
  costUsd: 0.5,
  measured: true,
  durationS: 0.1,
}

it('shows what was recorded in Prometheus text', async () => {
  const telemetry = await startTelemetry(identity)
  telemetry.metrics.counter('weft_turns', 'Turns').add(3, { outcome: 'ok' })
  telemetry.metrics.counter('weft_turns', 'Turns').add(1, { outcome: 'ok' })
  telemetry.metrics.histogram('weft_wait_seconds', 'Waits', [1, 2]).record(1.5)
  telemetry.metrics.gauge('weft_open', 'Open', () => 12)
  const text = await telemetry.metricsText()
  await telemetry.stop()
  expect(text).toContain('# HELP weft_turns_total Turns\n# TYPE weft_turns_total counter\nweft_turns_total{outcome="ok"} 4\n')
  expect(text).toContain(
    'weft_wait_seconds_bucket{le="1"} 0\nweft_wait_seconds_bucket{le="2"} 1\nweft_wait_seconds_bucket{le="+Inf"} 1',
  )
  expect(text).toContain('\nweft_open 12\n')
})

it('counts tokens, cost and time of every model call', async () => {
  const telemetry = await startTelemetry(identity)
  recordModelCall({ ...call, timeToFirstChunkS: 0.02 })
  recordModelCall(call)
  recordModelCall({ ...call, inputTokens: 0, outputTokens: 0, costUsd: 0, measured: false, errorType: 'timeout' })
  const text = await telemetry.metricsText()
  await telemetry.stop()
  const model = 'gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="openai/m"'
  expect(text).toContain(`gen_ai_client_token_usage_sum{${model},measured="true",gen_ai_token_type="input"} 14\n`)
  expect(text).toContain(`gen_ai_client_token_usage_sum{${model},measured="true",gen_ai_token_type="output"} 4\n`)
  expect(text).toContain(`weft_cost_usd_total{${model},measured="true"} 1\n`)
  expect(text).toContain(`gen_ai_client_operation_duration_count{${model}} 2\n`)
  expect(text).toContain(`gen_ai_client_operation_duration_count{${model},error_type="timeout"} 1\n`)
  expect(text).toContain(`gen_ai_client_operation_time_to_first_chunk_count{${model}} 1\n`)
})

it('measures its own process', async () => {
  const telemetry = await startTelemetry(identity)
  const read = async (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await telemetry.metricsText())?.[1])
  expect(await read('process_resident_memory_bytes')).toBeGreaterThan(20_000_000)
  expect(await read('process_cpu_seconds_total')).toBeGreaterThan(0.01)
  await new Promise((resolve) => setTimeout(resolve, 50))
  const blockedUntil = performance.now() + 150
  while (performance.now() < blockedUntil);
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(await read('nodejs_eventloop_delay_p99_seconds')).toBeGreaterThan(0.1)
  await telemetry.stop()
})

it('sends spans and metrics to one endpoint when it stops', async () => {
  const receiver = await startOtlpReceiver()
  const telemetry = await startTelemetry({ ...identity, otlpEndpoint: receiver.endpoint })
  await withSpan('last', {}, async () => {})
  await telemetry.stop()
  expect(receiver.spans().map((span) => span.name)).toEqual(['last'])
  expect(receiver.metricsExportCount()).toBe(1)
  await receiver.stop()
})

it('sends no metrics to a receiver of spans alone', async () => {
  const receiver = await startOtlpReceiver()
  const telemetry = await startTelemetry({ ...identity, otlpTracesEndpoint: `${receiver.endpoint}/v1/traces` })
  await withSpan('only', {}, async () => {})
  await telemetry.stop()
  expect(receiver.spans()).toHaveLength(1)
  expect(receiver.metricsExportCount()).toBe(0)
  await receiver.stop()
})

it('stops although the receiver never answers', async () => {
  const sockets: Socket[] = []
  const silent = createServer((socket) => sockets.push(socket))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const telemetry = await startTelemetry({ ...identity, logStream: new PassThrough(), otlpEndpoint: `http://127.0.0.1:${port}` })
  await withSpan('stuck', {}, async () => {})
  await telemetry.stop()
  for (const socket of sockets) socket.destroy()
  silent.close()
})

it('tells once, and not for every span, that the receiver is down', async () => {
  const logStream = new PassThrough({ encoding: 'utf8' })
  const telemetry = await startTelemetry({ ...identity, logStream, otlpEndpoint: 'http://127.0.0.1:9' })
  for (const name of ['a', 'b', 'c']) await withSpan(name, {}, async () => {})
  await telemetry.stop()
  expect(String(logStream.read()).match(/telemetry has a problem/g)).toHaveLength(1)
})

it('starts again after it was stopped', async () => {
  for (const expected of [1, 2]) {
    const telemetry = await startTelemetry(identity)
    for (let count = 0; count < expected; count++) recordModelCall(call)
    expect(await telemetry.metricsText()).toMatch(new RegExp(`gen_ai_client_operation_duration_count\\{[^}]*\\} ${expected}\n`))
    await telemetry.stop()
  }
})
