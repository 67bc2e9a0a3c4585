import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { z } from 'zod'
import { createSidecar, type Sidecar } from './dapr-sidecar.ts'

/** Answers nothing, or only the beginning of an answer. */
let server: Server
let sidecar: Sidecar
let answer: (response: ServerResponse) => void = () => undefined

beforeAll(async () => {
  server = createServer((_request, response) => answer(response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  sidecar = createSidecar({ httpPort: typeof address === 'object' && address !== null ? address.port : 0, apiToken: 'token' })
})

afterAll(async () => {
  await sidecar.stop()
  server.closeAllConnections()
  server.close()
})

const actor = { type: 'Session', id: 'tenant.session', method: 'view' }
const impatient = { schema: z.unknown(), patienceMs: 50 }

it('gives up a sidecar that does not answer', async () => {
  answer = () => undefined
  await expect(sidecar.callActor(actor, impatient)).rejects.toMatchObject({
    code: 'dependency_unavailable',
    message: 'actor Session view: no answer within 0.05 s',
  })
})

it('gives up a sidecar that begins to answer and falls silent', async () => {
  answer = (response) => response.writeHead(200, { 'content-type': 'application/json' }).write('{"ok":')
  await expect(sidecar.callActor(actor, impatient)).rejects.toMatchObject({
    code: 'dependency_unavailable',
    message: 'actor Session view: no answer within 0.05 s',
  })
})

it('may be asked again when its sidecar goes away in the middle of an answer', async () => {
  answer = (response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"ok":', () => response.destroy())
  }
  await expect(sidecar.callActor(actor, { schema: z.unknown() })).rejects.toMatchObject({
    code: 'dependency_unavailable',
    isRetryable: true,
    message: expect.stringContaining('actor Session view: the answer broke off'),
  })
})

it('ends as a timeout when its caller waits no longer for the rest of an answer', async () => {
  answer = (response) => response.writeHead(200, { 'content-type': 'application/json' }).write('{"ok":')
  const call = sidecar.callActor(actor, { schema: z.unknown(), signal: AbortSignal.timeout(50) })
  await expect(call).rejects.toMatchObject({ code: 'timeout', message: 'actor Session view was aborted' })
})
