import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { startGateway, type TestGateway } from '../testing/start-gateway.ts'

let gateway: TestGateway
beforeEach(async () => {
  gateway = await startGateway()
})
afterEach(() => gateway.stop())

async function sendPacked(body: Uint8Array<ArrayBuffer>, encoding: string) {
  const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
  const response = await gateway.request('/v1/plan/validate', { method: 'POST', headers, body })
  const { error } = (await response.json()) as { error?: object }
  return { status: response.status, error }
}

describe('a packed body', () => {
  const packed = Uint8Array.from(gzipSync(JSON.stringify({ planId: 7 })))

  it('is read as what it holds', async () => {
    expect(await sendPacked(packed, 'gzip')).toMatchObject({ status: 400, error: { param: 'planId' } })
  })

  it.each([
    ['is no gzip at all', new Uint8Array([120, 120]), 'gzip'],
    ['ends too early', packed.slice(0, -9), 'gzip'],
    ['is packed in another way', packed, 'br'],
  ])('that %s is the client’s fault', async (_name, body, encoding) => {
    const message = `the request body is not valid ${encoding}`
    expect(await sendPacked(body, encoding)).toMatchObject({ status: 400, error: { code: 'invalid_request', message } })
    expect(gateway.unforeseen).toEqual([])
  })

  it('of an encoding that is not known is refused', async () => {
    expect(await sendPacked(packed, 'rot13')).toMatchObject({ status: 415, error: { code: 'unsupported_media_type' } })
  })
})
