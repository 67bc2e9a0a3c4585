import { afterEach, beforeEach, expect, it } from '@jest/globals'
import type { AgentCard } from '@weft/contracts'
import { WeftError } from '@weft/contracts'
import { startGateway, type TestGateway } from '../../testing/start-gateway.ts'

const capability = { name: 'pay', description: 'Pays.', inputSchema: {}, outputSchema: {}, effects: 'external' as const }
const card: AgentCard = { id: 'billing', version: '1', description: 'Pays bills.', capabilities: [capability] }

let gateway: TestGateway
/** What runs beside a sidecar, by app id: what it answers to GET /card. */
let apps: Map<string, unknown>
/** How many times more nothing is heard of an app that is there. */
let silences: number

beforeEach(async () => {
  apps = new Map([['billing', card]])
  silences = 0
  gateway = await startGateway({
    sidecar: {
      invoke: async (_app, _path, { schema }) => schema.parse({ cards: [{ ...card, id: 'reasoning' }] }),
      async fetchFrom(appId, _path, { schema }) {
        if (!apps.has(appId)) throw new WeftError('dependency_unavailable', '500, ERR_DIRECT_INVOKE: dial tcp 127.0.0.1:18610')
        silences -= 1
        if (silences >= 0) throw new WeftError('timeout', `fetch /card from ${appId} was aborted`)
        return schema.parse(apps.get(appId))
      },
    },
  })
})
afterEach(() => gateway.stop())

function register(appId: unknown, key?: string): Promise<Response> {
  return gateway.request('/v1/agents', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ appId }),
    ...(key === undefined ? {} : { key }),
  })
}

it('an agent joins with its card, is listed beside the mesh’s own, and leaves', async () => {
  expect(await (await register('billing')).json()).toMatchObject({ id: 'billing', object: 'agent', card })
  expect(await (await gateway.request('/v1/agents')).json()).toMatchObject({
    data: [
      { id: 'reasoning', isBuiltIn: true },
      { id: 'billing', isBuiltIn: false, isReachable: true },
    ],
  })
  apps.delete('billing')
  expect(await (await gateway.request('/v1/agents')).json()).toMatchObject({
    data: [{ id: 'reasoning' }, { id: 'billing', isReachable: false }],
  })
  expect((await gateway.request('/v1/agents/billing', { method: 'DELETE' })).status).toBe(200)
  expect((await gateway.request('/v1/agents/billing', { method: 'DELETE' })).status).toBe(404)
})

it('an agent that comes again brings its new card', async () => {
  await register('billing')
  apps.set('billing', { ...card, version: '2' })
  expect(await (await register('billing')).json()).toMatchObject({ card: { version: '2' } })
})

it('an agent joins although nothing is heard of it at first, as of one that was at another address before', async () => {
  silences = 3
  expect((await register('billing')).status).toBe(200)
  silences = 4
  expect((await register('billing')).status).toBe(422)
})

it.each([
  [
    'an app that is not there',
    'nobody',
    undefined,
    422,
    'app "nobody" answers no card at GET /card: no program of that id runs beside a sidecar of this mesh',
  ],
  [
    'a card with a schema that cannot be checked',
    'odd',
    { ...card, id: 'odd', capabilities: [{ ...capability, inputSchema: { type: 'objct' } }] },
    422,
    'the inputSchema of "pay" in the card of "odd" cannot be checked: Unsupported type: objct; change it, or give {}',
  ],
  ['a card that is none', 'odd', { id: 'odd' }, 422, 'the card of "odd" is not one: \'version\' is missing'],
  [
    'a card with two capabilities of one name',
    'twice',
    { ...card, id: 'twice', capabilities: [capability, capability] },
    422,
    'the card of "twice" is not one: \'capabilities\' have two of one name',
  ],
  [
    'a card with a capability that no plan could name',
    'spaced',
    { ...card, id: 'spaced', capabilities: [{ ...capability, name: 'pay bills' }] },
    422,
    'has a capability "pay bills", which no plan could name: use letters, digits, "_", "." and "-"',
  ],
  ['a card of somebody else', 'other', card, 422, 'says that it is "billing"'],
  ['a part of the mesh', 'rag', card, 400, 'part of the mesh itself'],
  ['a name that cannot be an app id', 'Bad Name', card, 400, 'lower case letter'],
])('is refused: %s', async (_what, appId, answered, status, message) => {
  if (answered !== undefined) apps.set(appId, answered)
  const response = await register(appId)
  expect(response.status).toBe(status)
  expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining(message) } })
})

it('only an administrator adds agents', async () => {
  expect((await register('billing', await gateway.makeKey({ scopes: ['chat'] }))).status).toBe(403)
})

it('an administrator of one tenant manages no agents, which are there for all', async () => {
  await register('billing')
  const key = await gateway.makeKey({ tenant: 'acme', scopes: ['admin'] })
  expect((await register('billing', key)).status).toBe(403)
  expect((await gateway.request('/v1/agents/billing', { method: 'DELETE', key })).status).toBe(403)
})
