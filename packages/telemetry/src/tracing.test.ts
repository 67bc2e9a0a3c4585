import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { runWithLogContext } from './log-context.ts'
import { startTelemetry, type Telemetry } from './telemetry.ts'
import { type OtlpReceiver, startOtlpReceiver } from './testing.ts'
import {
  contextFromHeaders,
  currentSessionId,
  currentTraceparent,
  traceHeaders,
  withSessionId,
  withSpan,
  withTraceparent,
} from './tracing.ts'

const identity = { serviceName: 'test', serviceVersion: '1', instanceId: '0', logLevel: 'error' }

describe('spans that are sent', () => {
  let receiver: OtlpReceiver
  let telemetry: Telemetry
  beforeAll(async () => {
    receiver = await startOtlpReceiver()
  })
  beforeEach(async () => {
    telemetry = await startTelemetry({ ...identity, otlpEndpoint: `${receiver.endpoint}/` })
  })
  afterEach(() => telemetry.stop())
  afterAll(() => receiver.stop())

  it('arrive as one tree, continued over headers, each with the session id', async () => {
    let headers: Record<string, string> = {}
    await runWithLogContext({ sessionId: 'sess_1' }, () =>
      withSpan('caller', { kind: 'client' }, async () => {
        headers = traceHeaders()
      }),
    )
    expect(headers.baggage).toBe('session.id=sess_1')
    await withTraceparent(headers.traceparent, () =>
      withSpan('callee', { kind: 'server' }, async () => withSpan('inner', {}, async () => {})),
    )
    await telemetry.stop()

    const [caller, callee, inner] = ['caller', 'callee', 'inner'].map((name) =>
      receiver.spans().find((span) => span.name === name),
    )
    expect(caller).toMatchObject({ service: 'test', kind: 3, parentSpanId: undefined, attributes: { 'session.id': 'sess_1' } })
    expect(callee).toMatchObject({ kind: 2, traceId: caller?.traceId, parentSpanId: caller?.spanId })
    expect(inner).toMatchObject({ kind: 1, traceId: caller?.traceId, parentSpanId: callee?.spanId })
  })

  it('carry attributes of every kind, and links', async () => {
    const attributes = { text: 'é', count: -3, share: 0.25, isDone: true, ids: ['a', 'b'] }
    let cause: string | undefined
    await withSpan('cause', {}, async () => {
      cause = currentTraceparent()
    })
    await withSpan('effect', { attributes, links: cause === undefined ? [] : [cause] }, async () => {})
    await telemetry.stop()
    const effect = receiver.spans().find((span) => span.name === 'effect')
    expect(effect?.attributes).toEqual(attributes)
    expect(effect?.links).toEqual([receiver.spans().find((span) => span.name === 'cause')?.spanId])
  })

  it('say what failed, and the error goes on to the caller', async () => {
    const refusal = Object.assign(new Error('no budget'), { code: 'budget_exceeded' })
    const failing = withSpan('refused', {}, async () => {
      throw refusal
    })
    await expect(failing).rejects.toBe(refusal)
    await telemetry.stop()
    const refused = receiver.spans().find((span) => span.name === 'refused')
    expect(refused).toMatchObject({ isError: true, attributes: { 'error.type': 'budget_exceeded' } })
  })
})

describe('spans that are not sent', () => {
  let telemetry: Telemetry
  beforeAll(async () => {
    telemetry = await startTelemetry(identity)
  })
  afterAll(() => telemetry.stop())

  it('still carry one trace id through everything below', async () => {
    const seen: (string | undefined)[] = []
    await withSpan('outer', {}, async () => {
      seen.push(currentTraceparent())
      await withSpan('inner', {}, async () => {
        seen.push(currentTraceparent())
      })
    })
    expect(seen[0]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
    expect(seen[1]?.split('-')[1]).toBe(seen[0]?.split('-')[1])
    expect(seen[1]?.split('-')[2]).not.toBe(seen[0]?.split('-')[2])
  })

  it('have no traceparent outside a span, and ignore one that is malformed', () => {
    expect(currentTraceparent()).toBeUndefined()
    expect(withTraceparent('00-zz-1-01', () => currentTraceparent())).toBeUndefined()
  })

  it('take baggage only from callers that are trusted', () => {
    const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, baggage: 'session.id=sess_forged' }
    expect(currentSessionId(contextFromHeaders(headers, true))).toBe('sess_forged')
    expect(currentSessionId(contextFromHeaders(headers, false))).toBeUndefined()
  })

  it('hand the session id on beside what the baggage already holds', () => {
    withSessionId('sess_1', () => withSessionId('sess_2', () => expect(traceHeaders().baggage).toBe('session.id=sess_2')))
  })
})
