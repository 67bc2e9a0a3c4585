import { text } from 'node:stream/consumers'
import { afterEach, expect, it } from '@jest/globals'
import { ExecuteRequest, WeftError } from '@weft/contracts'
import { createSidecar, listen } from '@weft/mesh'
import type { StepRequest } from '../core/execute-request.ts'
import type { SessionInput } from '../core/session-input.ts'
import { sessionLimits } from '../core/session-limits.ts'
import { AttemptDispatcher } from './dispatch-attempts.ts'

const result = `${JSON.stringify({ type: 'result', output: {}, citations: [], confidence: 1 })}\n`

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

interface Request {
  agent?: string
  tenant?: string
  rootAcceptedAtMs?: number
  /** How long ago the session asked for the attempt. */
  agoMs?: number
  timeoutMs?: number
  isNotedFirst?: boolean
}

/** A dispatcher before agents that take two attempts at once, and end each when they are told to. */
async function dispatchTwoAtOnce() {
  const begun: { sessionId: string; leftMs: number; end: () => void }[] = []
  const cancelled: unknown[] = []
  const applied: SessionInput[] = []
  const unwanted = new Set<string>()
  /** What its session says when it is told that an attempt is about to be sent, and how many agents had begun by then. */
  const noted: [string, number][] = []
  const note = (sessionId: string): boolean => {
    noted.push([sessionId, begun.length])
    if (sessionId === 'not stored') throw new WeftError('dependency_unavailable', 'the store is away')
    return !unwanted.has(sessionId)
  }
  const card: { maxConcurrency: number | undefined; isAway: boolean } = { maxConcurrency: 2, isAway: false }
  const server = await listen(
    async (request, response) => {
      if (card.isAway) return void request.socket.destroy()
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
  const attempts = new AttemptDispatcher({ sidecar, maxConcurrencyOf: () => card.maxConcurrency, onProblem: () => undefined })
  stops.push(
    () => sidecar.stop(),
    () => server.stop(0),
  )
  const start = (sessionId: string, more: Request = {}) =>
    attempts.start({
      actorId: sessionId,
      ref: { turn: 1, stepId: 'a', epoch: 1, attempt: 1 },
      request: requestOf(sessionId, more),
      isWanted: () => !unwanted.has(sessionId),
      noteSending: async () => note(sessionId),
      sink: { text: () => undefined, apply: async (input) => void applied.push(input) },
    })
  const next = async (count: number) => {
    while (begun.length < count) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return { attempts, start, begun, next, applied, cancelled, unwanted, noted, card }
}

function requestOf(
  sessionId: string,
  { agent = 'worker', tenant = 'acme', rootAcceptedAtMs = 0, agoMs = 0, timeoutMs = 60_000, isNotedFirst = false }: Request,
): StepRequest {
  const askedAtMs = Date.now() - agoMs
  return {
    ...{ agent, idempotencyKey: `${sessionId}/1/a`, traceparent: undefined, rootAcceptedAtMs },
    ...{ placeByMs: askedAtMs + sessionLimits.attemptWaitMsMax, timeoutMs, isNotedFirst },
    body: {
      ...{ sessionId, turn: 1, stepId: 'a', attempt: 1, capability: 'work', params: {}, dependencies: {} },
      ...{ input: { messages: [] }, context: { tenant }, deadline: new Date(askedAtMs + timeoutMs).toISOString() },
    },
  }
}

const ref = { turn: 1, stepId: 'a', epoch: 1, attempt: 1 }

it('an agent is sent as many attempts at once as its card says; then the turn that was accepted first comes first', async () => {
  const { attempts, start, begun, next } = await dispatchTwoAtOnce()
  for (const sessionId of ['a', 'b']) start(sessionId)
  start('late', { rootAcceptedAtMs: 20 })
  start('early', { rootAcceptedAtMs: 10 })
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
  start('quiet', { tenant: 'quiet', rootAcceptedAtMs: 1 })
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

it('an agent whose line is as long as it may be keeps nobody from another agent, nor another tenant from itself', async () => {
  const { attempts, start, begun, next } = await dispatchTwoAtOnce()
  for (let n = 0; n < 2_100; n += 1) start(`slow ${n}`, { agent: 'slow' })
  expect(attempts.waitingCount()).toBe(2_000)
  start('other agent')
  await next(3)
  expect(begun.map(({ sessionId }) => sessionId)).toContain('other agent')
  start('other tenant', { agent: 'slow', tenant: 'quiet' })
  expect(attempts.waitingCount()).toBe(2_001)
})

it('an attempt that comes to its agent long after its session asked for it has its whole time all the same', async () => {
  const { start, begun, next } = await dispatchTwoAtOnce()
  start('late', { agoMs: 30_000, timeoutMs: 10_000 })
  await next(1)
  expect(begun[0]?.leftMs).toBeGreaterThan(9_000)
})

it('an attempt that its session is about to give up is not sent any more, and has not happened', async () => {
  const { start, begun, applied } = await dispatchTwoAtOnce()
  start('too late', { agoMs: sessionLimits.attemptWaitMsMax })
  while (applied.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const problem = { code: 'dependency_unavailable', isRetryable: true }
  expect([applied[0], begun.length]).toMatchObject([{ outcome: { kind: 'failed', problem, mayHaveHappened: false } }, 0])
})

it('another number of places counts for those that wait already, and for those under way', async () => {
  const { attempts, start, begun, next, card } = await dispatchTwoAtOnce()
  for (let n = 0; n < 10; n += 1) start(`${n}`)
  await next(2)
  card.maxConcurrency = 4
  attempts.reviewPlaces()
  await next(4)
  card.maxConcurrency = 1
  start('10')
  expect(attempts.waitingCount()).toBe(7)
  for (const n of [0, 1, 2]) begun[n]?.end()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(begun).toHaveLength(4)
  begun[3]?.end()
  await next(5)
})

it('an agent that is not known any more gets as many attempts at once as before, and one that is not known yet one', async () => {
  const { attempts, start, begun, next, card } = await dispatchTwoAtOnce()
  for (let n = 0; n < 4; n += 1) start(`${n}`)
  await next(2)
  card.maxConcurrency = undefined
  attempts.reviewPlaces()
  for (const sessionId of ['x', 'y']) start(sessionId, { agent: 'unheard-of' })
  await next(3)
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(begun.map(({ sessionId }) => sessionId)).toEqual(['0', '1', 'x'])
})

it('what must not happen twice is sent once its session has noted that it is, and only then', async () => {
  const { attempts, start, begun, next, applied, noted, unwanted } = await dispatchTwoAtOnce()
  unwanted.add('cancelled')
  for (const sessionId of ['cancelled', 'not stored', 'pay']) start(sessionId, { isNotedFirst: true })
  await next(1)
  expect(noted).toEqual([
    ['cancelled', 0],
    ['not stored', 0],
    ['pay', 0],
  ])
  for (const sessionId of ['b', 'c']) start(sessionId)
  await next(2)
  expect(begun.map(({ sessionId }) => sessionId)).toEqual(['pay', 'b'])
  expect([attempts.runningCount(), attempts.waitingCount(), applied.length]).toEqual([3, 1, 0])
})

it('an attempt that is taken back while it waits is not sent, and its session is told; one that was sent goes on', async () => {
  const { attempts, start, begun, next, applied } = await dispatchTwoAtOnce()
  for (const sessionId of ['a', 'b', 'paused', 'after']) start(sessionId)
  await next(2)
  for (const sessionId of ['a', 'paused', 'paused', 'unheard-of']) attempts.hold(sessionId, ref)
  expect(applied).toEqual([{ type: 'unsent', ...ref }])
  begun[0]?.end()
  await next(3)
  expect(begun[2]?.sessionId).toBe('after')
  expect(applied).toMatchObject([{}, { outcome: { kind: 'succeeded' } }])
})

it('an agent that starts again does not use up the attempts of all that wait for it', async () => {
  const { start, begun, next, applied, card } = await dispatchTwoAtOnce()
  card.isAway = true
  const startedAtMs = performance.now()
  for (let n = 0; n < 20; n += 1) start(`${n}`)
  while (applied.length < 6) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(performance.now() - startedAtMs).toBeGreaterThan(900)
  expect(applied[0]).toMatchObject({ outcome: { kind: 'failed', problem: { code: 'dependency_unavailable' } } })
  card.isAway = false
  await next(2)
  expect(begun.length + applied.length).toBeLessThan(20)
})
