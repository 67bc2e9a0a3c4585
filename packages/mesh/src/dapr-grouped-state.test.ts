import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { z } from 'zod'
import { createGroupedState } from './dapr-grouped-state.ts'
import { createDaprTransport, type DaprTransport } from './dapr-transport.ts'

const Operation = z.object({
  operation: z.enum(['upsert', 'delete']),
  request: z.object({
    key: z.string(),
    value: z.unknown().optional(),
    etag: z.string().optional(),
    metadata: z.object({ ttlInSeconds: z.string() }).optional(),
  }),
})
const Transaction = z.object({ operations: z.array(Operation) })

/** The state API of a sidecar over Redis: every write is counted, a wrong count fails the transaction, and the other writes are made all the same. */
let server: Server
let transport: DaprTransport
let state: ReturnType<typeof createGroupedState>
let kept: Map<string, { value: unknown; writes: number }>
let transactions: z.infer<typeof Transaction>[]
/** The first transaction is answered when this is called. */
let release: () => void
let isDown: boolean

beforeEach(async () => {
  kept = new Map()
  transactions = []
  isDown = false
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  server = createServer(async (request, response) => {
    if (isDown) response.writeHead(500).end()
    else if (request.method === 'GET') read(decodeURIComponent(request.url?.split('/').at(-1) ?? ''), response)
    else {
      const transaction = Transaction.parse(await json(request))
      transactions.push(transaction)
      if (transactions.length === 1) await released
      response.writeHead(transaction.operations.map(keep).every((isKept) => isKept) ? 204 : 500).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  transport = createDaprTransport({ httpPort: (server.address() as AddressInfo).port, apiToken: '' })
  state = createGroupedState(transport, 'Session')
})
afterEach(async () => {
  await transport.stop()
  await new Promise((resolve) => server.close(resolve))
})

function read(key: string, response: ServerResponse): void {
  const found = kept.get(key)
  response.end(found === undefined ? '' : JSON.stringify(found.value))
}

function keep({ operation, request: { key, value, etag } }: z.infer<typeof Operation>): boolean {
  const writes = kept.get(key)?.writes ?? 0
  if (etag !== undefined && writes > 0 && etag !== String(writes)) return false
  if (operation === 'delete') kept.delete(key)
  else kept.set(key, { value, writes: writes + 1 })
  return true
}

const head = (value: unknown, writesBefore: number) => [{ kind: 'upsert' as const, key: 'head', value, writesBefore }]
const arrived = async () => {
  while (transactions.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
}

it('commits that come while another is on its way share one transaction', async () => {
  const first = state.commit('a', head({ n: 1 }, 0))
  await arrived()
  const others = ['b', 'c', 'd'].map((actorId) => state.commit(actorId, head({ n: 1 }, 0)))
  release()
  await Promise.all([first, ...others])
  expect(transactions.map(({ operations }) => operations.length)).toEqual([1, 3])
  expect(await state.read('c', 'head', z.unknown())).toEqual({ n: 1 })
  expect(await state.read('nobody', 'head', z.unknown())).toBeUndefined()
})

it('of a group in which one is behind, that one alone fails', async () => {
  kept.set('Session:stale:head', { value: { n: 7 }, writes: 7 })
  const first = state.commit('a', head({ n: 1 }, 0))
  await arrived()
  const [good, stale] = [state.commit('b', head({ n: 1 }, 0)), state.commit('stale', head({ n: 3 }, 2))]
  release()
  await first
  const [one, other] = await Promise.allSettled([good, stale])
  expect([one.status, other.status]).toEqual(['fulfilled', 'rejected'])
  expect(await state.read('stale', 'head', z.unknown())).toEqual({ n: 7 })
})

it('a group that was never written fails for all', async () => {
  const first = state.commit('a', head({ n: 1 }, 0))
  await arrived()
  const others = ['b', 'c'].map((actorId) => state.commit(actorId, head({ n: 1 }, 0)))
  isDown = true
  release()
  await first
  const settled = await Promise.allSettled(others)
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

const note = (value: string[]) => ({ key: 'Watch:w', value, ttlSeconds: 60 })

it('a note is there with the commit it came with, the last one under its key once for a group', async () => {
  release()
  await state.commit('a', head({ n: 1 }, 0), note(['a']))
  await Promise.all(
    ['b', 'c', 'd'].map((actorId, n) => state.commit(actorId, head({ n: 1 }, 0), note(['a', 'b', 'c', 'd'].slice(0, n + 2)))),
  )
  expect(await state.readNote('Watch:w', z.unknown())).toEqual(['a', 'b', 'c', 'd'])
  const keys = transactions.at(-1)?.operations.map(({ request }) => request.key)
  expect(keys?.filter((key) => key === 'Watch:w')).toHaveLength(1)
})

it('a note that nobody drops goes by itself, and no state of a session does', async () => {
  release()
  await state.commit('a', head({ n: 1 }, 0), note(['a']))
  const lives = transactions.flatMap(({ operations }) => operations.map(({ request }) => [request.key, request.metadata]))
  expect(lives).toEqual([
    ['Session:a:head', undefined],
    ['Watch:w', { ttlInSeconds: '60' }],
  ])
})

it('a group is cut before it becomes too long for the sidecar', async () => {
  const first = state.commit('a', head({ n: 1 }, 0))
  await arrived()
  const long = 'x'.repeat(600_000)
  const others = ['b', 'c', 'd'].map((actorId) => state.commit(actorId, head({ long }, 0)))
  release()
  await Promise.all([first, ...others])
  expect(transactions.map(({ operations }) => operations.length)).toEqual([1, 1, 1, 1])
})
