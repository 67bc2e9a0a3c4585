import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createMemoryKeys } from '../testing/memory-keys.ts'
import { emptyLog, startGateway, type TestGateway } from '../testing/start-gateway.ts'
import { answerOf, eventItem, plan, textItem, viewOf } from '../testing/turns.ts'

let gateway: TestGateway
beforeEach(async () => {
  gateway = await startGateway()
})
afterEach(() => gateway.stop())

/** `fetch` always sends the true Host. */
function statusWith(headers: Record<string, string>, path = '/v1/models'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${gateway.url}${path}`, { headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    request.once('error', reject)
    request.end()
  })
}

/** The path goes out as it is; clients of HTTP tidy it. */
async function rawStatus(path: string, headers = 'Host: 127.0.0.1\r\n'): Promise<number> {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  socket.end(`GET ${path} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`)
  return Number((await text(socket)).split(' ')[1])
}

/** The answer to a body that is sent in a transfer coding. */
async function answerToCoded(coding: string): Promise<string> {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${await gateway.makeKey()}\r\n`
  const type = 'Content-Type: application/json\r\nConnection: close\r\n'
  socket.end(`${head}${type}Transfer-Encoding: ${coding}\r\n\r\n2\r\n{}\r\n0\r\n\r\n`)
  return text(socket)
}

async function errorOf(response: Response): Promise<Record<string, unknown>> {
  const { error } = (await response.json()) as { error: Record<string, unknown> }
  return error
}

describe('who may call', () => {
  it('needs a key on everything but health', async () => {
    for (const path of ['/v1/models', '/v1/keys', '/openapi.json', '/v1/sessions', '/nowhere']) {
      const response = await fetch(`${gateway.url}${path}`)
      expect(response.status).toBe(401)
      expect((await errorOf(response)).code).toBe('invalid_api_key')
    }
    for (const path of ['/livez', '/readyz', '/healthz', '/metrics', '/METRICS/'])
      expect((await fetch(`${gateway.url}${path}`)).status).toBe(200)
  })

  it('shows health and metrics from elsewhere to whoever has a key, however their path is written', async () => {
    await gateway.stop()
    gateway = await startGateway({}, { remoteAddress: '::ffff:192.0.2.7' })
    for (const path of ['/metrics', '/METRICS/', '/metrics?x', '/metrics#x', '/healthz#', 'http://127.0.0.1/metrics#x'])
      expect([path, await rawStatus(path)]).toEqual([path, 401])
    for (const path of ['/livez', '/readyz#x']) expect([path, await rawStatus(path)]).toEqual([path, 200])
    expect((await gateway.request('/metrics')).status).toBe(200)
  })

  it('takes a key from the Authorization header alone', async () => {
    const key = await gateway.makeKey()
    expect(await statusWith({ 'x-api-key': key })).toBe(401)
    expect(await statusWith({ 'api-key': key, authorization: 'Bearer weft_not_a_key_of_this_place' })).toBe(401)
    expect(await statusWith({ authorization: `Bearer ${key}` })).toBe(200)
  })

  it('refuses an expired key', async () => {
    const key = await gateway.makeKey({ expiresAt: new Date(Date.now() - 1_000).toISOString() })
    expect((await gateway.request('/v1/models', { key })).status).toBe(401)
  })

  it('refuses pages of other sites, whatever their key', async () => {
    const authorization = `Bearer ${await gateway.makeKey()}`
    expect(await statusWith({ authorization, host: 'evil.example' })).toBe(403)
    expect(await statusWith({ authorization, origin: 'https://evil.example' })).toBe(403)
    expect(await statusWith({ host: 'evil.example' }, '/healthz')).toBe(403)
    expect(await rawStatus('/healthz', '')).toBe(400)
  })

  it('allows no other site to read answers', async () => {
    const response = await gateway.request('/v1/models', { headers: { origin: 'http://localhost:3000' } })
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('keys', () => {
  const json = { 'content-type': 'application/json' }
  const create = (body: unknown, key?: string) =>
    gateway.request('/v1/keys', {
      method: 'POST',
      headers: json,
      body: JSON.stringify(body),
      ...(key === undefined ? {} : { key }),
    })

  it('are made, shown once, listed without the key, and revoked at once', async () => {
    const made = (await (await create({ name: 'laptop', scopes: ['chat'] })).json()) as { id: string; key: string }
    expect(made.key).toMatch(/^weft_/)
    expect((await gateway.request('/v1/models', { key: made.key })).status).toBe(200)
    const list = await (await gateway.request('/v1/keys')).text()
    expect(list).toContain(made.id)
    expect(list).not.toContain(made.key)
    expect((await gateway.request(`/v1/keys/${made.id}`, { method: 'DELETE' })).status).toBe(200)
    expect((await gateway.request('/v1/models', { key: made.key })).status).toBe(401)
    expect((await gateway.request('/v1/keys/key_none', { method: 'DELETE' })).status).toBe(404)
  })

  it('have a name and roles, under which they decide', async () => {
    await create({ name: 'ann', scopes: ['approve'], roles: ['finance', 'finance', 'board'] })
    const { data } = (await (await gateway.request('/v1/keys')).json()) as { data: object[] }
    expect(data).toContainEqual(expect.objectContaining({ name: 'ann', roles: ['finance', 'board'] }))
  })

  it('are managed only with the scope admin, and chat only with the scope chat', async () => {
    const chat = await gateway.makeKey({ scopes: ['chat'] })
    const approve = await gateway.makeKey({ scopes: ['approve'] })
    expect((await create({ name: 'mine' }, chat)).status).toBe(403)
    expect((await gateway.request('/v1/keys', { key: chat })).status).toBe(403)
    expect((await gateway.request('/v1/models', { key: approve })).status).toBe(403)
  })

  it('of other tenants are made and revoked by the operator only', async () => {
    const acmeAdmin = await gateway.makeKey({ tenant: 'acme', scopes: ['admin'] })
    const other = (await (await create({ tenant: 'other' })).json()) as { id: string; key: string }
    const revoke = (more: { key?: string; query?: string } = {}) =>
      gateway.request(`/v1/keys/${other.id}${more.query ?? ''}`, { method: 'DELETE', ...more })
    expect((await revoke({ key: acmeAdmin })).status).toBe(404)
    expect((await revoke({ key: acmeAdmin, query: '?tenant=other' })).status).toBe(404)
    expect((await revoke({ query: '?tenant=acme' })).status).toBe(404)
    expect((await gateway.request('/v1/models', { key: other.key })).status).toBe(200)
    expect((await revoke()).status).toBe(200)
    expect((await gateway.request('/v1/models', { key: other.key })).status).toBe(401)
    expect((await create({ tenant: 'default' }, acmeAdmin)).status).toBe(403)
    expect((await gateway.request('/v1/keys?tenant=default', { key: acmeAdmin })).status).toBe(404)
  })

  it.each([
    [{ scopes: ['root'] }, 'scopes.0'],
    [{ scopes: [] }, 'scopes'],
    [{ expiresAt: 'tomorrow' }, 'expiresAt'],
    [{ expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
    [{ tenant: 'a.b' }, 'tenant'],
    [{ roles: ['two words'] }, 'roles.0'],
    [{ name: 'role:finance' }, 'name'],
    [{ name: 'deadline' }, 'name'],
  ])('are not made from %p', async (body, param) => {
    const response = await create(body)
    expect(response.status).toBe(400)
    expect((await errorOf(response)).param).toBe(param)
  })

  it('end their open streams when they are revoked', async () => {
    const made = (await (await create({ scopes: ['chat'] })).json()) as { id: string; key: string }
    gateway.session.onSubmit = (_turn, reply) =>
      reply(eventItem(1, 'turn.accepted'), eventItem(2, 'plan.ready', { plan }), textItem(0, 'Beca'))
    const body = JSON.stringify({ model: 'weft/auto', messages: [{ role: 'user', content: 'why?' }], stream: true })
    const response = await gateway.request('/v1/chat/completions', { method: 'POST', headers: json, body, key: made.key })
    const text = response.text()
    await gateway.request(`/v1/keys/${made.id}`, { method: 'DELETE' })
    expect(await text).toContain('"code":"invalid_api_key"')
    expect(await text).not.toContain('[DONE]')
  })
})

describe('keys of several gateways', () => {
  const summary = { object: 'session' as const, status: 'running', title: '', createdAt: '', updatedAt: '', lastSeq: 0 }
  const log = {
    ...emptyLog,
    find: async ({ sessionId: id }: { sessionId: string }) => ({ ...summary, id }),
    tail: async () => ({ lastSeq: 0, openTurns: 1 }),
  }

  let here: TestGateway
  let elsewhere: TestGateway
  beforeEach(async () => {
    const keyStore = createMemoryKeys()
    here = await startGateway({ keyStore, log })
    elsewhere = await startGateway({ keyStore })
  })
  afterEach(async () => {
    await here.stop()
    await elsewhere.stop()
  })

  it('that are revoked at one end what they have open at the others, and nothing else', async () => {
    const ended: string[] = []
    const post = (body: object) => ({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    /** Opens a streamed answer, one that comes whole, and the events of a session. */
    const open = async (owner: string) => {
      const made = await elsewhere.request('/v1/keys', post({ name: owner, scopes: ['chat'] }))
      const { id, key } = (await made.json()) as { id: string; key: string }
      const ask = (stream: boolean) => post({ model: 'weft/auto', messages: [{ role: 'user', content: 'why?' }], stream })
      const requests: [name: string, path: string, init: RequestInit][] = [
        ['stream', '/v1/chat/completions', ask(true)],
        ['whole', '/v1/chat/completions', ask(false)],
        ['events', '/v1/sessions/sess_1/events', {}],
      ]
      for (const [name, path, init] of requests) {
        const text = here.request(path, { ...init, key }).then((response) => response.text())
        text.then(
          (answer) => ended.push(`${owner}'s ${name}: ${answer.match(/"code":"(\w+)"/)?.[1]}`),
          () => undefined,
        )
      }
      return { id, key }
    }
    const until = async (isSo: () => boolean) => {
      while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    const lost = await open('ann')
    await open('bob')
    await until(() => here.streams.count() === 6)
    await here.streams.sweep()
    expect((await elsewhere.request(`/v1/keys/${lost.id}`, { method: 'DELETE' })).status).toBe(200)
    await here.streams.sweep()
    await until(() => ended.length >= 3)
    expect(here.streams.count()).toBe(3)
    expect((await here.request('/v1/models', { key: lost.key })).status).toBe(401)
    expect(ended.toSorted()).toEqual(['events', 'stream', 'whole'].map((name) => `ann's ${name}: invalid_api_key`))
  })
})

describe('routes', () => {
  it('that do not exist are named', async () => {
    const response = await gateway.request('/v1/assistants', { method: 'POST' })
    expect(response.status).toBe(404)
    expect((await errorOf(response)).message).toBe('no such route: POST /v1/assistants')
  })

  it('describe themselves as OpenAPI 3.1', async () => {
    const document = (await (await gateway.request('/openapi.json')).json()) as {
      openapi: string
      paths: object
      components: { schemas: object }
    }
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths)).toContain('/v1/chat/completions')
    const refs = JSON.stringify(document).match(/"#\/components\/schemas\/\w+"/g) ?? []
    for (const ref of refs)
      expect(Object.keys(document.components.schemas)).toContain(ref.slice('"#/components/schemas/'.length, -1))
  })

  it('list modes and models, with slashes in ids encoded or not', async () => {
    const client = gateway.client(await gateway.makeKey())
    const ids = (await client.models.list()).data.map((model) => model.id)
    expect(ids).toContain('weft/auto')
    expect(await client.models.retrieve('weft/auto')).toMatchObject({
      object: 'model',
      owned_by: 'weft',
      weft: { kind: 'workflow' },
    })
    expect((await gateway.request('/v1/models/weft/search')).status).toBe(200)
    const unknown = await gateway.request('/v1/models/acme/none')
    expect(unknown.status).toBe(404)
    expect((await errorOf(unknown)).code).toBe('model_not_found')
  })

  it('say nothing of what went wrong inside', async () => {
    gateway.session.onView = () => {
      throw new Error('secret at /home/user/app.ts')
    }
    const response = await gateway.request('/v1/sessions/sess_1')
    expect(response.status).toBe(500)
    expect(JSON.stringify(await errorOf(response))).not.toContain('secret')
  })

  it('take a body in pieces, and in no other transfer coding, which would be read as it is packed', async () => {
    for (const coding of ['chunked', 'Chunked'])
      expect(await answerToCoded(coding)).toMatch(/^HTTP\/1.1 400 .*'model' is missing/s)
    for (const coding of ['gzip, chunked', 'identity, chunked'])
      expect(await answerToCoded(coding)).toMatch(/^HTTP\/1.1 415 .*Transfer-Encoding: '\w+, chunked' is not supported/s)
  })

  it('of a session answer 404 for ids that cannot be', async () => {
    for (const id of ['..%2fadmin', 'a.b', '%00']) expect((await gateway.request(`/v1/sessions/${id}`)).status).toBe(404)
    gateway.session.onView = () => viewOf({ status: 'completed', answer: answerOf('x') })
    expect(await (await gateway.request('/v1/sessions/sess_1')).json()).toMatchObject({
      id: 'sess_1',
      turns: [{ answer: { text: 'x' } }],
    })
  })
})
