import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { checkHealth } from './check-health.ts'

let checks: Record<string, string> = {}
const server = createServer((_request, response) => {
  const isWell = Object.values(checks).every((state) => state === 'ok')
  response.writeHead(isWell ? 200 : 503).end(JSON.stringify({ status: isWell ? 'ok' : 'unavailable', checks }))
})
let url = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  if (server.listening) await new Promise((resolve) => server.close(resolve))
})

it('a database that is away is named, though every process is ready', async () => {
  checks = { keys: 'ok', database: 'failed', redis: 'ok', rag: 'failed' }
  expect(await checkHealth(url)).toMatchObject({
    ok: false,
    detail: expect.stringContaining('database, rag'),
    remedy: expect.stringContaining('DATABASE_URLS'),
  })
})

it('of an archive that takes nothing it is said where to look', async () => {
  checks = { keys: 'ok', archive: 'failed' }
  expect(await checkHealth(url)).toMatchObject({
    ...{ ok: false, detail: expect.stringContaining('archive'), remedy: expect.stringContaining('weft retention') },
  })
})

it('a mesh that reaches all it needs is well', async () => {
  checks = { keys: 'ok', database: 'ok', redis: 'ok', rag: 'ok' }
  expect(await checkHealth(url)).toMatchObject({ ok: true })
})

it('a gateway that does not answer is named', async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  expect(await checkHealth(url)).toMatchObject({ ok: false, detail: expect.stringContaining('its gateway') })
})
