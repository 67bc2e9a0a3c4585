import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { z } from 'zod'
import { createSharedState, type SharedState } from './dapr-shared-state.ts'
import { createSidecar, type Sidecar } from './dapr-sidecar.ts'

const Writes = z.array(
  z.object({ key: z.string(), value: z.unknown(), etag: z.string().optional(), options: z.object({ concurrency: z.string() }) }),
)

/** A sidecar's state API as Dapr 1.18 answers it with Redis: 204 for no value, 409 for another's etag, 500 for a value where no etag was sent. */
let server: Server
let sidecar: Sidecar
let shared: SharedState
let isDown = false
let isSilent = false
const kept = new Map<string, { value: unknown; version: number }>()

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const entry = kept.get(decodeURIComponent(request.url?.split('/').at(-1) ?? ''))
    if (isSilent) return
    if (isDown) response.writeHead(500).end('{"errorCode":"ERR_STATE_GET","message":"no redis"}')
    else if (request.method === 'GET' && entry === undefined) response.writeHead(204).end()
    else if (request.method === 'GET') response.setHeader('etag', String(entry?.version)).end(JSON.stringify(entry?.value))
    else answerWrites(response, Writes.parse(await json(request)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  sidecar = createSidecar({ httpPort: (server.address() as AddressInfo).port, apiToken: '' })
  shared = createSharedState(sidecar)
})
afterAll(async () => {
  await sidecar.stop()
  await new Promise((resolve) => server.close(resolve))
})

function answerWrites(response: ServerResponse, writes: z.infer<typeof Writes>): void {
  if (writes.every(keep)) response.writeHead(204).end()
  else if (writes.some(({ etag }) => etag === undefined))
    response.writeHead(500).end('{"errorCode":"ERR_STATE_SAVE","message":"failed to set key"}')
  else response.writeHead(409).end()
}

function keep({ key, value, etag, options }: z.infer<typeof Writes>[number]): boolean {
  const version = kept.get(key)?.version
  if (options.concurrency !== 'first-write' || etag !== version?.toString()) return false
  kept.set(key, { value, version: (version ?? 0) + 1 })
  return true
}

it('reads what was written last, and nothing where nothing was', async () => {
  expect(await shared.get('breaker/acme/m')).toBeUndefined()
  expect(await shared.compareAndSet('breaker/acme/m', { kind: 'open' }, undefined)).toBe(true)
  expect(await shared.get('breaker/acme/m')).toEqual({ value: { kind: 'open' }, etag: '1' })
})

it('does not write over what another wrote in between', async () => {
  const found = await shared.get('breaker/acme/m')
  expect(await shared.compareAndSet('breaker/acme/m', 'another', found?.etag)).toBe(true)
  expect(await shared.compareAndSet('breaker/acme/m', 'mine', found?.etag)).toBe(false)
  expect(await shared.compareAndSet('breaker/acme/m', 'mine', undefined)).toBe(false)
})

it('lets one of those who write a key for the first time at once have it, and tells the others so', async () => {
  const written = await Promise.all([1, 2, 3].map((value) => shared.compareAndSet('limits/key/new', value, undefined)))
  expect(written.filter(Boolean)).toHaveLength(1)
})

it('says that the store is away', async () => {
  isDown = true
  await expect(shared.get('a')).rejects.toMatchObject({ code: 'dependency_unavailable' })
  await expect(shared.compareAndSet('a', 1, undefined)).rejects.toMatchObject({ code: 'dependency_unavailable' })
})

it('says so too of a store that does not answer at all', async () => {
  isSilent = true
  const silent = { code: 'dependency_unavailable', message: expect.stringContaining('no answer within 2 s') }
  await Promise.all([
    expect(shared.get('a')).rejects.toMatchObject(silent),
    expect(shared.compareAndSet('a', 1, undefined)).rejects.toMatchObject(silent),
  ])
  server.closeAllConnections()
})
