import { PassThrough } from 'node:stream'
import { afterEach, expect, it } from '@jest/globals'
import { runWithLogContext } from './log-context.ts'
import { startTelemetry, type Telemetry } from './telemetry.ts'
import { withSessionId, withSpan } from './tracing.ts'

let telemetry: Telemetry | undefined
afterEach(() => telemetry?.stop())

async function startLog(logLevel: string) {
  const logStream = new PassThrough({ encoding: 'utf8' })
  telemetry = await startTelemetry({ serviceName: 'rag', serviceVersion: '1', instanceId: '0', logLevel, logStream })
  const lines = () =>
    String(logStream.read() ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  return { logger: telemetry.logger, lines }
}

it('puts the ids of trace, session, step, tenant and request into every line', async () => {
  const { logger, lines } = await startLog('info')
  let traceId = ''
  await withSpan('step', {}, async (span) => {
    traceId = span.spanContext().traceId
    await runWithLogContext({ sessionId: 'sess_1', tenant: 'acme', requestId: 'req_1' }, async () => {
      await new Promise(setImmediate)
      runWithLogContext({ stepId: 's1' }, () => logger.info('step started', { attempt: 2 }))
    })
    logger.info('after')
  })
  const [started, after] = lines()
  expect(started).toMatchObject({
    level: 'info',
    message: 'step started',
    service: 'rag',
    attempt: 2,
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    trace_id: traceId,
    span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
    session_id: 'sess_1',
    step_id: 's1',
    tenant: 'acme',
    request_id: 'req_1',
  })
  expect(after).toMatchObject({ trace_id: traceId })
  expect(after).not.toHaveProperty('session_id')
})

it('knows the session of a call from its baggage', async () => {
  const { logger, lines } = await startLog('info')
  withSessionId('sess_2', () => logger.info('asked'))
  expect(lines()).toEqual([expect.objectContaining({ session_id: 'sess_2' })])
})

it('shows an error with its code and cause, and leaves lines below the level out', async () => {
  const { logger, lines } = await startLog('warn')
  logger.info('unimportant')
  const cause = new Error('connection refused')
  logger.warn('not stored', {
    error: Object.assign(new Error('no database', { cause }), { code: 'dependency_unavailable' }),
    bytes: 3n,
  })
  expect(lines()).toEqual([
    expect.objectContaining({
      message: 'not stored',
      bytes: '3',
      error: expect.objectContaining({
        message: 'no database',
        code: 'dependency_unavailable',
        stack: expect.stringContaining('logging.test.ts'),
        cause: expect.objectContaining({ message: 'connection refused' }),
      }),
    }),
  ])
})

it('writes a line that JSON alone could not hold', async () => {
  const { logger, lines } = await startLog('info')
  const circular: Record<string, unknown> = { many: Array.from({ length: 5_000 }, (_, index) => index) }
  circular.self = circular
  logger.info('odd', { circular })
  const [line] = lines()
  expect(line.circular.self).toBe('[Circular]')
  expect(line.circular.many.length).toBeLessThan(200)
})
