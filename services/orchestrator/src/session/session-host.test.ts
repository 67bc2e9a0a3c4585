import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { WeftError, type WorkflowStep } from '@weft/contracts'
import type { SessionInput } from '../core/session-input.ts'
import { planOf, turnRequest } from '../core/testing.ts'
import type { SessionStore, StoredSession } from '../store/dapr-session-store.ts'
import type { SessionEffects } from './perform-command.ts'
import { SessionHost } from './session-host.ts'

beforeEach(() => {
  jest.useFakeTimers()
})
afterEach(() => {
  jest.useRealTimers()
})

const away = new WeftError('dependency_unavailable', 'this actor is not here')

/** A host over a store in memory, which is away when told to. */
function hostInMemory() {
  const kept = new Map<string, StoredSession>()
  const world = { failsLoad: false, failsCommit: false, woken: 0, failsWakes: 0, loads: 0, dispatched: 0 }
  const store: SessionStore = {
    async load(actorId) {
      world.loads += 1
      if (world.failsLoad) throw away
      return kept.get(actorId)
    },
    async commit(actorId, { stored, next }) {
      if (world.failsCommit) throw away
      kept.set(actorId, { state: { ...next, revision: stored.state.revision + 1 }, tags: new Map(), dropped: [] })
      return kept.get(actorId) ?? stored
    },
    readOutcomes: async () => new Map(),
    arm: async () => {},
    armAt: async () => {},
    disarm: async () => {},
  }
  const none = () => {}
  const effects: SessionEffects = {
    prepare: none,
    plan: none,
    dispatch: () => {
      world.dispatched += 1
    },
    abort: none,
    hold: none,
    end: none,
    pause: none,
    gone: none,
    visit: none,
    call: none,
    erase: none,
    record: none,
  }
  const host = new SessionHost({
    store,
    watches: {
      join: () => ({
        note: { key: 'watch', value: {}, ttlSeconds: 60 },
        armed: Promise.resolve(),
        isOver: () => false,
        leave() {},
      }),
    },
    effects,
    nowMs: () => 1_000,
    policies: [],
    agentVersions: () => ({}),
    ensureAgentsKnown: async () => {},
    tellAttempt: () => undefined,
    wake: async () => {
      world.woken += 1
      if (world.failsWakes-- > 0) throw away
    },
    history: async () => [],
    eraseLost: async ({ sessionId }) => sessionId === 'lost',
    onProblem: none,
  })
  return { host, world }
}

const submit = (host: SessionHost) => host.invoke('acme.s1', 'submit', turnRequest())
const aMoment = () => jest.advanceTimersByTimeAsync(1_200)
const late: SessionInput = {
  type: 'outcome',
  turn: 1,
  stepId: 'a',
  epoch: 1,
  attempt: 1,
  usage: [],
  outcome: { kind: 'failed', problem: away.toProblem() },
}

it('a turn that is submitted again is answered with when and in which trace it was accepted', async () => {
  const { host } = hostInMemory()
  const traced = (id: string) => turnRequest({ idempotencyKey: 'once', traceparent: `00-${id.repeat(32)}-${id.repeat(16)}-01` })
  const first = await host.invoke('acme.s1', 'submit', traced('a'))
  expect(first).toMatchObject({ turn: 1, isRepeat: false, acceptedAt: expect.stringMatching(/Z$/), traceId: 'a'.repeat(32) })
  await aMoment()
  expect(await host.invoke('acme.s1', 'submit', traced('b'))).toMatchObject({
    ...Object(first),
    isRepeat: true,
    lastSeq: expect.anything(),
  })
})

it('nothing is kept of sessions that are made up, nor of one that moved away and whose result comes late', async () => {
  const { host, world } = hostInMemory()
  const decision = { approvalId: 'appr_1', action: 'approve', by: { id: 'ann', roles: [], isAdmin: false } }
  const calls = [
    host.invoke('acme.made-up-1', 'decide', decision),
    host.invoke('acme.made-up-2', 'attach', { replyTopic: 'r' }),
    host.invoke('acme.made-up-3', 'tick', undefined),
    host.invoke('acme.made-up-4', 'view', undefined),
  ]
  for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'not_found' })
  world.failsLoad = true
  await expect(host.apply('acme.moved', late)).rejects.toBe(away)
  await expect(host.remind('acme.moved-too')).rejects.toBe(away)
  expect(host.hostedCount()).toBe(6)
  await aMoment()
  expect(host.hostedCount()).toBe(0)
})

it('a session that is in the log alone can be deleted, by its own name', async () => {
  const { host } = hostInMemory()
  const deleting = (name: string) => host.invoke(`acme.${name}`, 'delete', { tenant: 'acme', sessionId: 'lost' })
  expect(await deleting('lost')).toEqual({ deleted: true })
  await expect(deleting('other')).rejects.toMatchObject({ code: 'not_found' })
  await expect(host.invoke('acme.made-up', 'delete', {})).rejects.toMatchObject({ code: 'not_found' })
})

it('a session that was deactivated here goes on where it was, also when the store was away for a moment meanwhile', async () => {
  const { host, world } = hostInMemory()
  await submit(host)
  await host.deactivate('acme.s1')
  world.failsLoad = true
  await expect(host.apply('acme.s1', { type: 'tick' })).rejects.toBe(away)
  await aMoment()
  world.failsLoad = false
  await host.apply('acme.s1', { type: 'tick' })
  expect(host.peek('acme.s1')).toMatchObject({ epoch: 1 })
  host.stop()
})

it('a session whose commits fail is woken however long that waits, and nothing of it is kept here when it went elsewhere', async () => {
  const { host, world } = hostInMemory()
  world.failsCommit = true
  for (let loss = 1; loss <= 2; loss += 1) await expect(submit(host)).rejects.toBe(away)
  await aMoment()
  expect(world.woken).toBe(1)
  await aMoment()
  expect(host.hostedCount()).toBe(0)
})

it('a session that cannot be woken, because its sidecar is away too, is woken again', async () => {
  const { host, world } = hostInMemory()
  world.failsCommit = true
  world.failsWakes = 1
  await expect(submit(host)).rejects.toBe(away)
  await aMoment()
  expect(world.woken).toBe(1)
  await aMoment()
  expect(world.woken).toBe(2)
})

describe('a session', () => {
  /** A turn of these steps, all of whose events are in the log. */
  async function hostWith(...steps: Partial<WorkflowStep>[]) {
    const { host, world } = hostInMemory()
    await host.invoke('acme.s1', 'submit', turnRequest({ options: { plan: planOf(steps) } }))
    host.noteFlushed('acme.s1', 100)
    await jest.advanceTimersByTimeAsync(400)
    return { host, world }
  }

  const asks = { approval: { reason: 'money leaves' } }
  const decision = { approvalId: 'appr_s1.1', action: 'approve', by: { id: 'ann', roles: [], isAdmin: false } }

  it('that only waits leaves memory after 30 s, and is loaded again by what it waited for', async () => {
    const { host, world } = await hostWith(asks)
    await jest.advanceTimersByTimeAsync(29_000)
    expect(host.hostedCount()).toBe(1)
    await jest.advanceTimersByTimeAsync(1_000)
    expect(host.hostedCount()).toBe(0)
    const loadsBefore = world.loads
    await host.invoke('acme.s1', 'decide', decision)
    expect(world.loads).toBe(loadsBefore + 1)
    expect(world.dispatched).toBe(1)
    await jest.advanceTimersByTimeAsync(60_000)
    expect(host.hostedCount()).toBe(1)
    host.stop()
  })

  it.each([
    ['looked at', (host: SessionHost) => host.invoke('acme.s1', 'view', undefined)],
    ['woken', (host: SessionHost) => host.invoke('acme.s1', 'tick', undefined)],
    ['reminded', (host: SessionHost) => host.remind('acme.s1')],
    [
      'told what it refuses',
      (host: SessionHost) => host.invoke('acme.s1', 'decide', { ...decision, approvalId: 'none' }).catch(() => undefined),
    ],
  ])('that waits on after it was %s leaves memory again', async (_how, call) => {
    const { host, world } = await hostWith(asks)
    await jest.advanceTimersByTimeAsync(30_000)
    await call(host)
    expect([host.hostedCount(), world.loads]).toEqual([1, 2])
    await jest.advanceTimersByTimeAsync(31_000)
    expect(host.hostedCount()).toBe(0)
  })

  it.each([
    ['', [{}]],
    [', whatever else of it waits', [asks, {}]],
  ])('stays in memory while a step of it is under way%s', async (_else, steps) => {
    const { host } = await hostWith(...steps)
    await jest.advanceTimersByTimeAsync(200_000)
    expect(host.peek('acme.s1')?.turns[0]?.status).toBe('running')
    host.stop()
  })
})

it('a session expires as of an event: one that has gone on stays, one that only the log has goes too', async () => {
  const { host } = hostInMemory()
  await submit(host)
  await aMoment()
  const { lastSeq } = Object(await host.invoke('acme.s1', 'view', undefined))
  const expire = (sessionId: string, more = {}) =>
    host.invoke(`acme.${sessionId}`, 'expire', { tenant: 'acme', sessionId, lastSeq, ...more })
  expect(await expire('s1')).toEqual({ deleted: false })
  await host.invoke('acme.s1', 'cancel', {})
  expect(await expire('s1')).toEqual({ deleted: false })
  const ended = Object(await host.invoke('acme.s1', 'view', undefined))
  expect(await expire('s1', { lastSeq: ended.lastSeq })).toEqual({ deleted: true })
  await expect(host.invoke('acme.s1', 'view', undefined)).rejects.toMatchObject({ code: 'not_found' })
  expect(await expire('lost')).toEqual({ deleted: true })
  await expect(expire('never')).rejects.toMatchObject({ code: 'not_found' })
  await expect(host.invoke('acme.s1', 'expire', { lastSeq: 1 })).rejects.toMatchObject({ code: 'invalid_request' })
})

it('the turn of a refused request is cancelled by its key, whatever else the session works on', async () => {
  const { host } = hostInMemory()
  const cancelRequest = (idempotencyKey: string) => host.invoke('acme.s1', 'cancelRequest', { idempotencyKey })
  await expect(cancelRequest('request-1')).rejects.toMatchObject({ code: 'not_found' })
  await submit(host)
  await host.invoke('acme.s1', 'submit', { ...turnRequest(), idempotencyKey: 'request-1' })
  await aMoment()
  expect(await cancelRequest('request-2')).toEqual({ isTaken: false })
  expect(await cancelRequest('request-1')).toEqual({ isTaken: true })
  expect(host.peek('acme.s1')?.turns.map(({ status }) => status)).toEqual(['running', 'cancelled'])
  host.stop()
})

it('a host that stops leaves nothing behind that would still happen, also when the log has just taken events', async () => {
  const { host } = hostInMemory()
  await submit(host)
  await aMoment()
  host.noteFlushed('acme.s1', 1)
  host.stop()
  expect(jest.getTimerCount()).toBe(0)
})
