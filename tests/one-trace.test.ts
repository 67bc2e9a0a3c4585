import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type ModelServer, startOpenAiServer } from '@weft/models/testing'
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '@weft/telemetry/testing'
import { z } from 'zod'
import { retrieveAndAnswer } from './mesh/retrieve-and-answer.ts'
import { bodyOf, request, sharedMesh, storeOf, weftOf } from './mesh/shared-mesh.ts'

let receiver: OtlpReceiver
let model: ModelServer

beforeAll(async () => {
  const { spansPort, openAiPort } = sharedMesh()
  receiver = await startOtlpReceiver({ port: spansPort })
  model = await startOpenAiServer({
    port: openAiPort,
    models: ['test-model'],
    reply: { kind: 'text', chunks: ['The tram was green [1].'] },
  })
})

afterAll(async () => {
  await receiver.stop()
  await model.stop()
})

it('a question is one trace: request, sidecars, actor, planner, agents and the model call, as one tree', async () => {
  const storeId = await storeOf('trams', { 'tram.md': 'The tram was green. It ran until 1957.' })
  const traceId = Array.from({ length: 32 }, () => Math.floor(Math.random() * 16).toString(16)).join('')
  const parentSpanId = 'a1b2c3d4e5f60718'
  const question = 'Which colour had the tram?'
  const response = await request('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-${parentSpanId}-01` },
    body: JSON.stringify({
      model: 'weft/auto',
      messages: [{ role: 'user', content: question }],
      weft: {
        vectorStoreIds: [storeId],
        plan: retrieveAndAnswer(question, 'openai/test-model'),
      },
    }),
  })
  expect(response.status).toBe(200)
  expect(weftOf(await bodyOf(z.looseObject({}), response)).traceId).toBe(traceId)

  const isWhole = (received: ReceivedSpan[]) => {
    const own = received.filter((span) => span.traceId === traceId)
    const services = new Set(own.map((span) => span.service))
    const hasEnd =
      own.some((span) => span.name === 'chat test-model') && own.some((span) => span.name === 'POST /v1/chat/completions')
    return (
      hasEnd &&
      ['gateway', 'orchestrator', 'rag', 'planner'].every((service) => services.has(service)) &&
      orphans(own).length === 1
    )
  }
  await receiver.waitFor(isWhole, 90_000).catch(() => undefined)
  const spans = receiver.spans().filter((span) => span.traceId === traceId)
  expect(orphans(spans).map((span) => [span.name, span.parentSpanId])).toEqual([['POST /v1/chat/completions', parentSpanId]])
  const modelCall = spans.find((span) => span.name === 'chat test-model')
  const ancestors: string[] = []
  for (let span = modelCall; span !== undefined; span = spans.find((other) => other.spanId === span?.parentSpanId))
    ancestors.push(span.service)
  expect(new Set(ancestors)).toEqual(new Set(['rag', 'orchestrator', 'gateway']))

  const attributesOf = (name: string) => spans.filter((span) => span.name === name).map(({ attributes }) => attributes)
  const conversation = { 'gen_ai.conversation.id': response.headers.get('x-session-id') }
  expect(attributesOf('chat test-model')).toMatchObject([{ ...conversation, 'gen_ai.response.model': 'test-model-2026-01-01' }])
  expect(attributesOf('invoke_workflow weft/auto')).toMatchObject([{ ...conversation, 'gen_ai.workflow.name': 'weft/auto' }])
  expect(attributesOf(`retrieval ${storeId}`)).toMatchObject([{ 'gen_ai.data_source.id': storeId }])
  // Phoenix draws the plan from these.
  const nodes = attributesOf('invoke_agent rag').map((attributes) => [
    attributes['openinference.span.kind'],
    attributes['graph.node.id'],
    attributes['graph.node.parent_id'],
  ])
  expect(nodes.toSorted()).toEqual([
    ['AGENT', 'answer', 'find'],
    ['AGENT', 'find', undefined],
  ])
  expect(JSON.stringify(spans)).not.toMatch(/tram was green|colour had the tram/)
})

/** Spans whose parent is not among the spans; in one tree that continues a client's trace there is one, with the client's span as its parent. */
function orphans(spans: ReceivedSpan[]): ReceivedSpan[] {
  const ids = new Set(spans.map((span) => span.spanId))
  return spans.filter((span) => span.parentSpanId === undefined || !ids.has(span.parentSpanId))
}
