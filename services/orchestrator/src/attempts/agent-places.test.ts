import { text } from 'node:stream/consumers'
import { afterEach, expect, it } from '@jest/globals'
import { ExecuteRequest } from '@weft/contracts'
import { createSidecar, listen } from '@weft/mesh'
import type { StepRequest } from '../core/execute-request.ts'
import type { SessionInput } from '../core/session-input.ts'
import { AttemptDispatcher } from './dispatch-attempts.ts'

const result = `${JSON.stringify({ type: 'result', output: {}, citations: [], confidence: 1 })}\n`

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** A dispatcher before one agent that takes two attempts at once, and ends each when it is told to. */
async function dispatchTwoAtOnce() {
  const begun: { sessionId: string; leftMs: number; end: () => void }[] = []
  const cancelled: unknown[] = []
  const applied: SessionInput[] = []
  const unwanted = new Set<string>()
  const server = await listen(
    async (request, response) => {
      const body = JSON.parse(await text(request))
      if (request.url?.endsWith('/cancel')) {
        cancelled.push(body)
        response.end('{"ok":true,"value":{"isCancelled":true}}')
      } else {
        const { sessionId, deadline } = ExecuteRequest.parse(body)
        begun.push({ sessionId, leftMs: Date.parse(deadline) - Date.now(), end: () => response.end(result) })
      }
    },
    { port: 0 },
  )
  const sidecar = createSidecar({ httpPort: server.port, apiToken: 'token' })
  const attempts = new AttemptDispatcher({ sidecar, maxConcurrencyOf: () => 2, onProblem: () => undefined })
  stops.push(
    () => sidecar.stop(),
    () => server.stop(0),
  )
  const start = (sessionId: string, more: { tenant?: string; turnAcceptedAtMs?: number; timeoutMs?: number } = {}) =>
    attempts.start({
      actorId: sessionId,
      ref: { turn: 1, stepId: 'a', epoch: 1, attempt: 1 },
      request: requestOf(sessionId, more),
      isWanted: () => !unwanted.has(sessionId),
      sink: { text: () => undefined, apply: async (input) => void applied.push(input) },
    })
  const next = async (count: number) => {
    while (begun.length < count) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return { attempts, start, begun, next, applied, cancelled, unwanted }
}

function requestOf(
  sessionId: string,
  {
    tenant = 'acme',
    turnAcceptedAtMs = 0,
    timeoutMs = 60_000,
  }: { tenant?: string; turnAcceptedAtMs?: number; timeoutMs?: number },
): StepRequest {
  return {
    ...{ agent: 'worker', idempotencyKey: `${sessionId}/1/a`, traceparent: undefined, turnAcceptedAtMs },
    body: {
      ...{ sessionId, turn: 1, stepId: 'a', attempt: 1, capability: 'work', params: {}, dependencies: {} },
      ...{ input: { messages: [] }, context: { tenant }, deadline: new Date(Date.now() + timeoutMs).toISOString() },
    },
  }
}

const ref = { turn: 1, stepId: 'a', epoch: 1, attempt: 1 }

it('an agent is sent as many attempts at once as its card says; then the turn that was accepted first comes first', async () => {
  const { attempts, start, begun, next } = await dispatchTwoAtOnce()
  for (const sessionId of ['a', 'b']) start(sessionId)
  start('late', { turnAcceptedAtMs: 20 })
  start('early', { turnAcceptedAtMs: 10 })
  await next(2)
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(begun).toHaveLength(2)
  expect([attempts.runningCount(), attempts.waitingCount()]).toEqual([4, 2])
  expect(attempts.told('early', ref)).toMatchObject({ isWaiting: true })
  begun[0]?.end()
  await next(3)
  expect(begun[2]?.sessionId).toBe('early')
  expect(attempts.told('early', ref)).toMatchObject({ isWaiting: false })
})

it('a tenant whose steps fill an agent keeps another tenant waiting for one of them at most', async () => {
  const { start, begun, next } = await dispatchTwoAtOnce()
  for (let n = 0; n < 50; n += 1) start(`noisy ${n}`, { tenant: 'noisy' })
  start('quiet', { tenant: 'quiet', turnAcceptedAtMs: 1 })
  await next(2)
  for (const n of [0, 1]) {
    begun[n]?.end()
    await next(3 + n)
  }
  expect(begun.map(({ sessionId }) => sessionId)).toContain('quiet')
})

it('an attempt has its whole time from when its agent has a place for it', async () => {
  const { attempts, start, begun, next, applied } = await dispatchTwoAtOnce()
  for (const sessionId of ['a', 'b']) start(sessionId)
  start('waits', { timeoutMs: 200 })
  await new Promise((resolve) => setTimeout(resolve, 300))
  begun[0]?.end()
  await next(3)
  expect(begun[2]?.leftMs).toBeGreaterThan(100)
  expect(attempts.told('waits', ref)?.deadlineMs).toBeGreaterThan(Date.now())
  begun[2]?.end()
  while (applied.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(applied).toMatchObject([{ outcome: { kind: 'succeeded' } }, { outcome: { kind: 'succeeded' } }])
})

it('an attempt that is aborted while it waits never begins, and its agent hears nothing of it', async () => {
  const { attempts, start, begun, next, applied, cancelled } = await dispatchTwoAtOnce()
  for (const sessionId of ['a', 'b', 'waits', 'after']) start(sessionId)
  await next(2)
  attempts.abort('waits', ref)
  begun[0]?.end()
  await next(3)
  expect(begun[2]?.sessionId).toBe('after')
  expect([attempts.told('waits', ref), cancelled, applied.length]).toEqual([undefined, [], 1])
})

it('an attempt that its session has no use for any more, once there is a place for it, never begins', async () => {
  const { attempts, start, begun, next, applied, unwanted } = await dispatchTwoAtOnce()
  for (const sessionId of ['a', 'b', 'waits', 'after']) start(sessionId)
  await next(2)
  unwanted.add('waits')
  begun[0]?.end()
  await next(3)
  expect(begun[2]?.sessionId).toBe('after')
  expect([attempts.told('waits', ref), applied.length]).toEqual([undefined, 1])
})
