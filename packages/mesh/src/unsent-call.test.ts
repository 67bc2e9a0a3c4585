import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, it } from '@jest/globals'
import { createSidecar } from './dapr-sidecar.ts'
import { isUnsent, saysUnsent } from './unsent-call.ts'

const refused = 'dial tcp 127.0.0.1:7701: connect: connection refused'
const unreached = `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: ${refused}"`
const unheard = `rpc error: code = Internal desc = error invoking app channel: Post "http://127.0.0.1:7701/execute": ${refused}`
const broken = 'rpc error: code = Internal desc = error invoking app channel: Post "http://127.0.0.1:7701/execute": EOF'
const said = (reason: string, appId = 'ledger') => `failed to invoke, id: ${appId}, err: ${reason}`

it.each([
  ['no host found with the given ID', true],
  [unreached, true],
  [`failed to invoke target ledger after 0 retries. Error: ${unreached}`, true],
  [unheard, true],
  // An earlier try may have been sent.
  [`failed to invoke target ledger after 3 retries. Error: ${unreached}`, false],
  [broken, false],
  [
    'failed to invoke target ledger after 0 retries. Error: rpc error: code = Unavailable desc = error reading from server: EOF',
    false,
  ],
  [
    'rpc error: code = Internal desc = error invoking app channel: Post "http://127.0.0.1:7701/execute": read: connection reset by peer',
    false,
  ],
  ['context canceled', false],
])('of what sidecars say this means that nothing was sent, or does not: %s: %s', (reason, isSo) => {
  expect(saysUnsent(said(reason), { appId: 'ledger', tookMs: 10 })).toBe(isSo)
})

it('nothing is certain of a call that may have been repeated, and of what an app hands on about another one', () => {
  expect(saysUnsent(said(unheard), { appId: 'ledger', tookMs: 2_500 })).toBe(false)
  expect(saysUnsent(said(unheard), { appId: 'ledger' })).toBe(false)
  expect(saysUnsent(said(unheard, 'bank'), { appId: 'ledger', tookMs: 10 })).toBe(false)
  expect(saysUnsent(`bank: ${said(unheard)}`, { appId: 'ledger', tookMs: 10 })).toBe(false)
})

it('a call is not sent while its own sidecar takes no connection, and may have been where that breaks the connection', async () => {
  const server = createServer((request) => request.socket.destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const httpPort = typeof address === 'object' && address !== null ? address.port : 0
  const sidecar = createSidecar({ httpPort, apiToken: 'token' })
  const call = () => sidecar.invokeStream('ledger', '/execute', { body: {} }).then(() => undefined, isUnsent)
  expect(await call()).toBe(false)
  await new Promise((resolve) => server.close(resolve))
  expect(await call()).toBe(true)
  await sidecar.stop()
})
