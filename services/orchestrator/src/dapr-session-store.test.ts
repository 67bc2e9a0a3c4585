import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals'
import { componentNames, createActorStore, createSidecar, type Sidecar } from '@weft/mesh'
import { z } from 'zod'
import { DrivenSession } from './core/testing.ts'
import { createSessionStore, type StoredSession } from './dapr-session-store.ts'
import type { BlobStore } from './postgres-blobs.ts'

const Operations = z.array(
  z.object({
    operation: z.enum(['upsert', 'delete']),
    request: z.object({ key: z.string(), value: z.unknown(), etag: z.string().optional() }),
  }),
)

/** A sidecar's state API over one actor's keys; every write it was sent, in order. */
let server: Server
let sidecar: Sidecar
let kept: Map<string, unknown>
let transactions: z.infer<typeof Operations>[]
let blobs: Map<string, string>
let puts: string[]
let isBlobStoreDown: boolean

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const key = decodeURIComponent(request.url?.split('/').at(-1) ?? '')
    if (request.method === 'GET' && key === 'metadata') {
      response.end(JSON.stringify({ components: [{ name: componentNames.stateStore, type: 'state.redis' }] }))
    } else if (request.method === 'GET') {
      response.end(kept.has(key) ? JSON.stringify(kept.get(key)) : '')
    } else {
      const operations = Operations.parse(await json(request))
      transactions.push(operations)
      for (const { operation, request: write } of operations) {
        if (operation === 'delete') kept.delete(write.key)
        else kept.set(write.key, write.value)
      }
      response.writeHead(204).end()
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
})

const blobStore: BlobStore = {
  async put(_session, { hash, json: content }) {
    puts.push(hash)
    if (!isBlobStoreDown) blobs.set(hash, content)
    return !isBlobStoreDown
  },
  get: async (_session, hash) => JSON.parse(blobs.get(hash) ?? ''),
}

const open = () => createSessionStore({ actors: createActorStore(sidecar, 'Session'), sidecar, blobs: blobStore })
const large = { text: 'x'.repeat(100_000) }

/** A session whose first step has put out a lot, committed after each input. */
async function committed(): Promise<{ session: DrivenSession; stored: StoredSession }> {
  const store = open()
  const session = new DrivenSession()
  let stored: StoredSession = { state: session.state, partKeys: new Set() }
  session.run([{ stepId: 'a' }, { stepId: 'b', dependsOn: ['a'] }, { stepId: 'answer', dependsOn: ['b'] }])
  stored = await store.commit('acme.s1', stored, session.state)
  for (const [stepId, output] of [
    ['a', large],
    ['b', 'little'],
  ] as const) {
    session.succeed(stepId, output)
    stored = await store.commit('acme.s1', stored, session.state)
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
  expect(heads.map(({ request }) => request.etag)).toEqual([undefined, '1', '2'])
})
