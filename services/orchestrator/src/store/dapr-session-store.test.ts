import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals'
import { componentNames, createActorState, createReminders, createSidecar, type Sidecar } from '@weft/mesh'
import { z } from 'zod'
import { compactAfterMs } from '../core/compact-session.ts'
import { DrivenSession } from '../core/testing.ts'
import { createSessionStore, type StoredSession } from './dapr-session-store.ts'
import type { BlobStore } from './postgres-blobs.ts'

const Operations = z.array(
  z.object({
    operation: z.enum(['upsert', 'delete']),
    request: z.object({ key: z.string(), value: z.unknown().optional(), etag: z.string().optional() }),
  }),
)

const Transaction = z.object({ operations: Operations })

/** All tests here are about one session. */
const withoutActor = (key: string) => key.replace('Session:acme.s1:', '')

/**
 * A sidecar's state API over one actor's keys; every write it was sent, in order. As with Redis an ETag that does not match fails the
 * transaction, and what else it holds is written all the same.
 */
let server: Server
let sidecar: Sidecar
let kept: Map<string, unknown>
let transactions: z.infer<typeof Operations>[]
let blobs: Map<string, string>
let puts: string[]
let isBlobStoreDown: boolean
let headWrites: number
/** What the actor API has of the session: where versions before December 2026 stored it. */
let earlier: Map<string, unknown>
let mayHaveEarlierKeys: boolean
let isEarlierAway: boolean

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const key = withoutActor(decodeURIComponent(request.url?.split('/').at(-1) ?? ''))
    if (request.method === 'GET' && key === 'metadata') {
      response.end(JSON.stringify({ components: [{ name: componentNames.stateStore, type: 'state.redis' }] }))
    } else if (request.method === 'GET' && request.url?.startsWith('/v1.0/actors/') === true) {
      response.end(earlier.has(key) ? JSON.stringify(earlier.get(key)) : '')
    } else if (request.url?.startsWith('/v1.0/actors/') === true) {
      const gone = Operations.parse(await json(request))
      // It would be lost before the new head is there.
      const isRefused = isEarlierAway || !kept.has('head')
      if (!isRefused) for (const each of gone) earlier.delete(each.request.key)
      response.writeHead(isRefused ? 500 : 204).end()
    } else if (request.method === 'GET') {
      response.end(kept.has(key) ? JSON.stringify(kept.get(key)) : '')
    } else {
      const { operations: sent } = Transaction.parse(await json(request))
      const operations = sent.map((each) => ({ ...each, request: { ...each.request, key: withoutActor(each.request.key) } }))
      transactions.push(operations)
      response.writeHead(keep(operations) ? 204 : 500).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  sidecar = createSidecar({ httpPort: (server.address() as AddressInfo).port, apiToken: '' })
})
afterAll(async () => {
  await sidecar.stop()
  await new Promise((resolve) => server.close(resolve))
})
beforeEach(() => {
  kept = new Map()
  transactions = []
  blobs = new Map()
  puts = []
  isBlobStoreDown = false
  headWrites = 0
  earlier = new Map()
  mayHaveEarlierKeys = false
  isEarlierAway = false
})

function keep(operations: z.infer<typeof Operations>): boolean {
  const results = operations.map(({ operation, request: { key, value, etag } }) => {
    if (etag !== undefined && headWrites > 0 && etag !== String(headWrites)) return false
    if (operation === 'delete') kept.delete(key)
    else kept.set(key, value)
    if (key === 'head') headWrites += 1
    return true
  })
  return results.every((isKept) => isKept)
}

const blobStore: BlobStore = {
  async put(_session, { hash, json: content }) {
    puts.push(hash)
    if (!isBlobStoreDown) blobs.set(hash, content)
    return !isBlobStoreDown
  },
  get: async (_session, hash) => JSON.parse(blobs.get(hash) ?? ''),
}

const open = () =>
  createSessionStore({
    actors: createActorState(sidecar, 'Session'),
    reminders: createReminders(sidecar, 'Session'),
    blobs: blobStore,
    mayHaveEarlierKeys: () => mayHaveEarlierKeys,
  })
const large = { text: 'x'.repeat(100_000) }

/** A session whose first step has put out a lot, committed after each input. */
async function committed(): Promise<{ session: DrivenSession; stored: StoredSession }> {
  const store = open()
  const session = new DrivenSession()
  let stored: StoredSession = { state: session.state, tags: new Map(), dropped: [] }
  session.run([{ stepId: 'a' }, { stepId: 'b', dependsOn: ['a'] }, { stepId: 'answer', dependsOn: ['b'] }])
  stored = await store.commit('acme.s1', { stored: stored, next: session.state })
  for (const [stepId, output] of [
    ['a', large],
    ['b', 'little'],
  ] as const) {
    session.succeed(stepId, output)
    stored = await store.commit('acme.s1', { stored: stored, next: session.state })
  }
  return { session, stored }
}

it('what is large lies outside the actor, by content hash, and is written once', async () => {
  const { session } = await committed()
  expect(puts).toHaveLength(1)
  expect(JSON.stringify(transactions).length).toBeLessThan(20_000)
  const loaded = await open().load('acme.s1')
  expect(loaded?.state.turns[0]?.steps.a?.outcome?.output).toEqual(large)
  expect(loaded?.state.turns).toEqual(JSON.parse(JSON.stringify(session.state.turns)))
})

/** As such a version stores it: values went as they are then, the head counted its writes there, and named a part that was to go. */
async function storedEarlier(): Promise<DrivenSession> {
  const { session } = await committed()
  earlier = new Map([...kept].map(([key, text]) => [key, JSON.parse(String(text))]))
  earlier.set('events.1.1', []).set('head', Object.assign({}, earlier.get('head'), { dropped: ['events.1.1'] }))
  kept.clear()
  headWrites = 0
  return session
}

it('a session that an earlier version stored goes on from where it was, in the place of today', async () => {
  const before = await storedEarlier()
  expect(await open().load('acme.s1')).toBeUndefined()
  mayHaveEarlierKeys = true
  const { session, stored } = await loadedAt(open())
  expect(stored.state.turns).toEqual(JSON.parse(JSON.stringify(before.state.turns)))
  const once = await open().commit('acme.s1', { stored, next: { ...session.state, heardSeq: 1 } })
  await open().commit('acme.s1', { stored: once, next: { ...once.state, heardSeq: 2 } })
  const again = await open().load('acme.s1')
  expect(again?.state).toMatchObject({ heardSeq: 2, lastSeq: session.state.lastSeq })
  expect(again?.state.turns[0]?.steps.a?.outcome?.output).toEqual(large)
})

it.each([false, true])(
  'nothing is left there of one that is deleted; where that cannot be done (%j), as soon as it can',
  async (isAway) => {
    await storedEarlier()
    mayHaveEarlierKeys = true
    isEarlierAway = isAway
    const { session, stored } = await loadedAt(open())
    session.send({ type: 'delete' })
    await open().commit('acme.s1', { stored, next: session.state })
    isEarlierAway = false
    await open().load('acme.s1')
    expect([...earlier.keys()]).toEqual([])
  },
)

it('what the database does not take in time stays with the actor, and is not lost', async () => {
  isBlobStoreDown = true
  await committed()
  const loaded = await open().load('acme.s1')
  expect(loaded?.state.turns[0]?.steps.a?.outcome?.output).toEqual(large)
})

it('nothing but the head is ever written twice, and the head only over the one that was read', async () => {
  await committed()
  const writes = transactions.flat().filter(({ operation }) => operation === 'upsert')
  const parts = writes.map(({ request }) => request.key).filter((key) => key !== 'head')
  expect(new Set(parts).size).toBe(parts.length)
  const heads = writes.filter(({ request }) => request.key === 'head')
  expect(heads.map(({ request }) => request.etag)).toEqual(['-1', '1', '2'])
})

it('a host that comes back while it creates a session takes nothing from one that was created meanwhile', async () => {
  const { stored } = await committed()
  const late = new DrivenSession()
  late.submit()
  await expect(
    open().commit('acme.s1', { stored: { state: late.state, tags: new Map(), dropped: [] }, next: late.state }),
  ).rejects.toThrow()
  const loaded = await open().load('acme.s1')
  expect(loaded?.state.revision).toBe(stored.state.revision)
})

/** The session as one host has it in memory, loaded as a new activation. */
async function loadedAt(host: ReturnType<typeof open>): Promise<{ session: DrivenSession; stored: StoredSession }> {
  const found = (await host.load('acme.s1')) ?? assert.fail('the session is in the store')
  const session = new DrivenSession()
  session.state = found.state
  session.send({ type: 'activate' })
  return { session, stored: found }
}

const question = (content: string) => ({ requestId: content, messages: [{ role: 'user' as const, content }] })

it('a host that was suspended, and comes back, changes nothing of what another one has committed since', async () => {
  await committed()
  const [slow, fast] = [open(), open()]
  const [stale, current] = [await loadedAt(slow), await loadedAt(fast)]
  stale.session.submit(question('stale'))
  current.session.submit(question('current'))
  await fast.commit('acme.s1', { stored: current.stored, next: current.session.state })
  await expect(slow.commit('acme.s1', { stored: stale.stored, next: stale.session.state })).rejects.toThrow()
  const loaded = await open().load('acme.s1')
  expect(loaded?.state.turns).toEqual(JSON.parse(JSON.stringify(current.session.state.turns)))
  expect(loaded?.state.outbox).toEqual(JSON.parse(JSON.stringify(current.session.state.outbox)))
})

it('nor does it delete what the newer head still refers to', async () => {
  await committed()
  const [slow, fast] = [open(), open()]
  const [stale, current] = [await loadedAt(slow), await loadedAt(fast)]
  current.session.submit(question('current'))
  await fast.commit('acme.s1', { stored: current.stored, next: current.session.state })
  stale.session.send({ type: 'flushed', upToSeq: stale.session.state.lastSeq })
  await expect(slow.commit('acme.s1', { stored: stale.stored, next: stale.session.state })).rejects.toThrow()
  expect((await open().load('acme.s1'))?.state.outbox).toHaveLength(current.session.state.outbox.length)
})

it('a turn that has ended is not looked at again by the commits after it', async () => {
  const { session, stored: before } = await committed()
  session.succeed('answer')
  const ended = await open().commit('acme.s1', { stored: before, next: session.state })
  const [turn] = session.state.turns
  if (turn === undefined) throw new Error('there is no turn')
  let looks = 0
  turn.steps = new Proxy(turn.steps, {
    ownKeys(steps) {
      looks += 1
      return Reflect.ownKeys(steps)
    },
  })
  session.submit(question('next'))
  looks = 0
  const next = await open().commit('acme.s1', { stored: ended, next: session.state })
  expect(looks).toBe(0)
  expect(next.tags.size).toBeGreaterThan(ended.tags.size)
})

it('what the head does without goes with the commit after, also when another host makes it', async () => {
  const { session, stored: before } = await committed()
  session.send({ type: 'progress', ...session.ref('answer'), message: 'x'.repeat(3_000), fraction: undefined })
  const stored = await open().commit('acme.s1', { stored: before, next: session.state })
  const eventsKept = () => [...kept.keys()].filter((key) => key.startsWith('events.'))
  const logged = eventsKept()
  expect(logged).toHaveLength(1)
  session.send({ type: 'flushed', upToSeq: session.state.lastSeq })
  await open().commit('acme.s1', { stored: stored, next: session.state })
  expect(eventsKept()).toEqual(logged)
  const other = await loadedAt(open())
  await open().commit('acme.s1', { stored: other.stored, next: other.session.state })
  expect(eventsKept().filter((key) => logged.includes(key))).toEqual([])
})

it('of a session that keeps its counters only nothing else is left in the store, also when its host died over it', async () => {
  const { session, stored } = await committed()
  session.succeed('answer')
  session.send({ type: 'flushed', upToSeq: session.state.lastSeq })
  const ended = await open().commit('acme.s1', { stored: stored, next: session.state })
  session.nowMs += compactAfterMs
  session.send({ type: 'compact' })
  const before = { kept: new Map(kept), headWrites }
  await open().commit('acme.s1', { stored: ended, next: session.state })
  expect([...kept.keys()]).toEqual(['head'])
  const untilItDied = transactions.at(-2) ?? []
  ;({ kept, headWrites } = before)
  keep(untilItDied)
  expect(kept.size).toBeGreaterThan(1)
  await open().load('acme.s1')
  expect([...kept.keys()]).toEqual(['head'])
})

it('what a step of an ended turn has put out is found again, wherever the session is loaded', async () => {
  const { session, stored } = await committed()
  session.succeed('answer')
  await open().commit('acme.s1', { stored: stored, next: session.state })
  const loaded = (await open().load('acme.s1')) ?? assert.fail('the session is in the store')
  const [turn = assert.fail('its turn is kept')] = loaded.state.turns
  const outcomes = await open().readOutcomes('acme.s1', loaded, { turn, stepIds: ['a', 'b'] })
  expect([outcomes.get('a')?.output, outcomes.get('b')?.output]).toEqual([large, 'little'])
})
