import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { startGateway, type TestGateway } from '../testing/start-gateway.ts'

let gateway: TestGateway
beforeEach(async () => {
  const resolve = async () =>
    Promise.reject(new WeftError('not_found', "no vector store 'vs_9'", { param: 'weft.vectorStoreIds' }))
  gateway = await startGateway({ stores: { resolve, forget: () => undefined } })
})
afterEach(() => gateway.stop())

async function refusalOf(path: string, body: object) {
  const headers = { 'content-type': 'application/json' }
  const response = await gateway.request(path, { method: 'POST', headers, body: JSON.stringify(body) })
  const { error } = (await response.json()) as { error?: { param: string } }
  return [response.status, error?.param]
}

describe('a field that is not known, in a body of Weft’s own, is refused', () => {
  it.each([
    ['/v1/keys', { name: 'guest', expires: '2099-01-01T00:00:00Z' }, 'expires'],
    ['/v1/webhooks', { url: 'https://example.com', secret: 'mine' }, 'secret'],
    ['/v1/agents', { appId: 'ledger', port: 7 }, 'port'],
    ['/v1/plan', { input: 'Why?', vector_store_ids: ['vs_1'] }, 'vector_store_ids'],
  ])('by %s', async (path, body, param) => {
    expect(await refusalOf(path, body)).toEqual([400, param])
  })
})

describe('what a plan is asked for is refused by the name it was sent under', () => {
  it('where there is no such mode, or no such vector store', async () => {
    expect(await refusalOf('/v1/plan', { input: 'Why?', mode: 'guess' })).toEqual([400, 'mode'])
    expect(await refusalOf('/v1/plan', { input: 'Why?', vectorStoreIds: ['vs_9'] })).toEqual([404, 'vectorStoreIds'])
  })
})
