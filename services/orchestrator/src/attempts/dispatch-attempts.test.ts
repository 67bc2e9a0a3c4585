import { text } from 'node:stream/consumers'
import { afterEach, expect, it } from '@jest/globals'
import { agentLimits } from '@weft/contracts'
import { createSidecar, listen } from '@weft/mesh'
import type { StepRequest } from '../core/execute-request.ts'
import type { SessionInput } from '../core/session-input.ts'
import type { StepRef } from '../core/session-state.ts'
import { AttemptDispatcher } from './dispatch-attempts.ts'

const ref: StepRef = { turn: 1, stepId: 'a', epoch: 1, attempt: 1 }
const result = `${JSON.stringify({ type: 'result', output: { text: 'ok' }, citations: [], confidence: 1, agentVersion: '7' })}\n`

function requestWithin(deadlineMs: number): StepRequest {
  return {
    agent: 'worker',
    idempotencyKey: 's1/1/a',
    traceparent: undefined,
    rootAcceptedAtMs: 0,
    placeByMs: Date.now() + 60_000,
    timeoutMs: deadlineMs,
    isNotedFirst: false,
    body: {
      sessionId: 's1',
      turn: 1,
      stepId: 'a',
      attempt: 1,
      capability: 'work',
      params: {},
      input: { messages: [] },
      dependencies: {},
      context: { tenant: 'acme' },
      deadline: new Date(Date.now() + deadlineMs).toISOString(),
    },
  }
}

interface Call {
  path: string
  key: string | string[] | undefined
  body: unknown
}

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** A dispatcher whose sidecar leads to one agent, which says this much to each attempt and then nothing. */
async function dispatchTo(said: string, status = 200) {
  const calls: Call[] = []
  const applied: SessionInput[] = []
  const problems: unknown[] = []
  let openCount = 0
  const server = await listen(
    async (request, response) => {
      const path = request.url ?? ''
      calls.push({ path, key: request.headers['idempotency-key'], body: JSON.parse(await text(request)) })
      if (path.endsWith('/cancel')) return response.end('{"ok":true,"value":{"isCancelled":true}}')
      openCount += 1
      response.once('close', () => {
        openCount -= 1
      })
      response.statusCode = status
      if (status !== 200) return response.end(said)
      return said === '' ? response : response.write(said)
    },
    { port: 0 },
  )
  const sidecar = createSidecar({ httpPort: server.port, apiToken: 'token' })
  const attempts = new AttemptDispatcher({
    sidecar,
    maxConcurrencyOf: () => 16,
    onProblem: (_what, _actorId, cause) => problems.push(cause),
  })
  stops.push(
    () => sidecar.stop(),
    () => server.stop(0),
  )
  const start = (deadlineMs: number, attempt = ref) =>
    attempts.start({
      actorId: 'acme.s1',
      ref: attempt,
      request: requestWithin(deadlineMs),
      isWanted: () => true,
      noteSending: async () => true,
      sink: { text: () => undefined, apply: async (input) => void applied.push(input) },
    })
  const callsOf = (method: string) => calls.filter(({ path }) => path.endsWith(`/worker/method/${method}`))
  return { attempts, start, applied, problems, callsOf, openCount: () => openCount }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
}

it.each([
  ['before its answer', ''],
  ['after its first words', '{"type":"text","delta":"I am"}\n'],
])(
  'an attempt whose agent falls silent %s is cut after its deadline, told to stop, and may be tried again',
  async (_when, said) => {
    const { attempts, start, applied, callsOf, openCount } = await dispatchTo(said)
    start(50)
    await until(() => openCount() === 1)
    await until(() => openCount() === 0 && attempts.runningCount() === 0)
    const problem = { code: 'timeout', message: expect.stringMatching(/^worker .* deadline/), isRetryable: true }
    expect(applied).toEqual([{ type: 'outcome', ...ref, usage: [], outcome: { kind: 'failed', problem, mayHaveHappened: true } }])
    expect(callsOf('cancel')).toMatchObject([{ body: { tenant: 'acme', idempotencyKey: 's1/1/a' } }])
  },
)

it('an attempt that is aborted is cut, and its agent told to stop what its key and tenant stand for', async () => {
  const { attempts, start, callsOf, openCount } = await dispatchTo('')
  start(60_000)
  await until(() => openCount() === 1)
  attempts.abort('acme.s1', ref)
  await until(() => openCount() === 0 && callsOf('cancel').length > 0)
  expect(callsOf('execute')).toMatchObject([{ key: 's1/1/a' }])
  expect(callsOf('cancel')).toMatchObject([{ body: { tenant: 'acme', idempotencyKey: 's1/1/a' } }])
})

it.each([
  ['aborted', (attempts: AttemptDispatcher) => attempts.abort('acme.s1', ref)],
  ['cut because its host stops', (attempts: AttemptDispatcher) => attempts.stop()],
])('an attempt that is %s before its deadline is not told as one that failed', async (_how, cut) => {
  const { attempts, start, applied, problems, openCount } = await dispatchTo('{"type":"progress","message":"half"}\n')
  start(60_000)
  await until(() => openCount() === 1 && applied.length === 1)
  cut(attempts)
  await until(() => openCount() === 0 && attempts.runningCount() === 0)
  expect(applied).toMatchObject([{ type: 'progress' }])
  expect(problems).toEqual([])
})

it('an attempt is started once however often it is asked for while it runs; the next one is another', async () => {
  const { attempts, start, callsOf, openCount } = await dispatchTo('')
  for (let tick = 0; tick < 3; tick += 1) start(60_000)
  start(60_000, { ...ref, attempt: 2 })
  start(60_000, { ...ref, epoch: 2 })
  await until(() => openCount() >= 3)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect([callsOf('execute').length, attempts.runningCount()]).toEqual([3, 3])
})

it('an attempt that has ended is no longer running, and is asked again when its outcome was lost', async () => {
  const { attempts, start, applied } = await dispatchTo(result)
  for (let count = 1; count <= 2; count += 1) {
    start(60_000)
    await until(() => attempts.runningCount() === 0)
  }
  const succeeded = { outcome: { kind: 'succeeded' }, agentVersion: '7' }
  expect(applied).toMatchObject([succeeded, succeeded])
})

it.each([302, 401, 404])('an agent that answers %i has failed itself, and the answer says so', async (status) => {
  const { attempts, start, applied } = await dispatchTo('not here', status)
  start(60_000)
  await until(() => applied.length === 1 && attempts.runningCount() === 0)
  const problem = { code: 'upstream_error', message: expect.stringMatching(new RegExp(`worker .*${status}, not here`)) }
  expect(applied).toMatchObject([{ outcome: { kind: 'failed', problem } }])
})

const refused = 'dial tcp 127.0.0.1:7701: connect: connection refused'
it.each([
  [
    false,
    'nobody listens where the agent should',
    `rpc error: code = Internal desc = error invoking app channel: Post "http://127.0.0.1:7701/execute": ${refused}`,
  ],
  [false, 'there is no sidecar of that name', 'no host found with the given ID'],
  [
    true,
    'the connection broke',
    'failed to invoke target worker after 0 retries. Error: rpc error: code = Unavailable desc = error reading from server: EOF',
  ],
])('that it may have happened is %s of an attempt of which the sidecar says that %s', async (mayHaveHappened, _what, reason) => {
  const message = `failed to invoke, id: worker, err: ${reason}`
  const { start, applied } = await dispatchTo(JSON.stringify({ errorCode: 'ERR_DIRECT_INVOKE', message }), 500)
  start(60_000)
  await until(() => applied.length === 1)
  const problem = { code: 'dependency_unavailable', isRetryable: true }
  expect(applied).toMatchObject([{ outcome: { kind: 'failed', problem, mayHaveHappened } }])
})

it('a field of an answer that is wrong is no field of the client’s request', async () => {
  const { start, applied } = await dispatchTo('{"type":"progress","message":7}\n')
  start(60_000)
  await until(() => applied.length === 1)
  const problem = { code: 'upstream_error', message: expect.stringContaining("'message'"), isRetryable: true }
  expect(applied).toMatchObject([{ outcome: { kind: 'failed' } }])
  expect(applied[0]).toHaveProperty('outcome.problem', problem)
})

it.each([
  ['is longer than a line may be', `{"type":"text","delta":"${'x'.repeat(agentLimits.lineBytesMax)}"}\n`, false],
  ['is no event', '{"type":"rain"}\n', true],
])('an answer that %s is asked for again only where another may be better', async (_what, said, isRetryable) => {
  const { start, applied } = await dispatchTo(said)
  start(60_000)
  await until(() => applied.length === 1)
  expect(applied).toMatchObject([{ outcome: { kind: 'failed', problem: { code: 'upstream_error', isRetryable } } }])
})

it.each([
  [
    'its sidecar found nobody',
    '{"errorCode":"ERR_DIRECT_INVOKE","message":"failed to invoke, id: worker, err: dial tcp 127.0.0.1:43117: connection refused"}',
    { code: 'dependency_unavailable', message: 'agent "worker" did not answer: it is not running, or has just gone' },
    1,
  ],
  [
    'it failed itself, which is its own failure',
    'out of paper',
    { code: 'upstream_error', message: 'invoke worker /execute: worker is not available (500, out of paper)' },
    0,
  ],
])('that an agent was not heard is told without addresses of the mesh, which are in the log alone: %s', async (...told) => {
  const [_case, said, problem, logged] = told
  const { attempts, start, applied, problems } = await dispatchTo(said, 500)
  start(60_000)
  await until(() => applied.length === 1 && attempts.runningCount() === 0)
  expect(applied).toMatchObject([
    { outcome: { kind: 'failed', problem: { ...problem, isRetryable: true }, mayHaveHappened: true } },
  ])
  expect(problems).toHaveLength(logged)
  for (const cause of problems) expect(String(cause)).toContain('127.0.0.1:43117')
})
