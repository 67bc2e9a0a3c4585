import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { startGateway, type TestGateway } from '../../testing/start-gateway.ts'

const state = {
  chosen: 'openai/new',
  active: 'openai/old',
  problem: 'differs',
  chunks: 3,
  waiting: 0,
  failure: null,
  left: { chunks: 3, tokens: 90 },
  rebuild: null,
}
let gateway: TestGateway
const asked: string[] = []

beforeEach(async () => {
  asked.length = 0
  gateway = await startGateway({
    embeddings: {
      steer: async ({ action }) => {
        asked.push(action)
        if (action === 'rebuild') throw new WeftError('conflict', 'another is under way')
        return state
      },
    },
  })
})
afterEach(() => gateway.stop())

it('says which models make vectors, and what a rebuild would take', async () => {
  const answer = await gateway.request('/v1/embeddings/rebuild')
  expect(await answer.json()).toEqual({ object: 'embeddings.rebuild', ...state })
})

it('begins and ends a rebuild, and hands on why one cannot be begun', async () => {
  const refused = await gateway.request('/v1/embeddings/rebuild', { method: 'POST' })
  expect([refused.status, await refused.json()]).toMatchObject([409, { error: { message: 'another is under way' } }])
  expect((await gateway.request('/v1/embeddings/rebuild', { method: 'DELETE' })).status).toBe(200)
  expect(asked).toEqual(['rebuild', 'cancel'])
})

it.each<[string, Parameters<TestGateway['makeKey']>[0]]>([
  ['administrators', { scopes: ['chat'] }],
  ['whoever runs the mesh, because it is about the vectors of all tenants', { tenant: 'acme', scopes: ['admin'] }],
])('is for %s', async (_who, other) => {
  const key = await gateway.makeKey(other)
  for (const method of ['GET', 'POST', 'DELETE'])
    expect((await gateway.request('/v1/embeddings/rebuild', { method, key })).status).toBe(403)
  expect(asked).toEqual([])
})
