import { type IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { createFairPlaces } from '@weft/mesh'
import { startGateway, type TestGateway } from '../testing/start-gateway.ts'
import { shedLoad } from './guard-load.ts'

let gateway: TestGateway | undefined
afterEach(async () => {
  await gateway?.stop()
  gateway = undefined
})

const chat = ({ request }: TestGateway) =>
  request('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'openai/m', messages: [{ role: 'user', content: 'Hello' }] }),
  })

it('refuses requests while memory is short, and says when to come back; what is open goes on and health is told', async () => {
  gateway = await startGateway({ pressure: () => 'memory is short (1900 MB in use)' })
  const answer = await chat(gateway)
  expect(answer.status).toBe(503)
  expect(answer.headers.get('retry-after')).toBe('1')
  expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining('1900 MB') } })
  expect((await gateway.request('/livez')).status).toBe(200)
})

it('gives a place back when its answer is over, also one that failed', async () => {
  const places = createFairPlaces({ of: 'the gateway', placesMax: 1, waitMsMax: 500 })
  gateway = await startGateway({ overload: places })
  for (let calls = 0; calls < 3; calls++) expect((await chat(gateway)).status).toBe(404)
  expect(places.counts()).toEqual({ active: 0, waiting: 0 })
})

it('leaves a body that is larger than all that may be held to be refused as too large, not as one to send again later', () => {
  const request = new IncomingMessage(new Socket())
  request.headers['content-length'] = '1073741824'
  let goesOn = false
  void shedLoad({ pressure: () => undefined })(request, new ServerResponse(request), () => {
    goesOn = true
  })
  expect(goesOn).toBe(true)
})

it('holds no room for the body of a request whose reader left while its key was looked up', () => {
  const shed = shedLoad({ pressure: () => undefined, bodyBytesMax: 10 })
  const ask = (hasLeft: boolean) => {
    const request = new IncomingMessage(new Socket())
    request.headers['content-length'] = '10'
    const response = new ServerResponse(request)
    Object.defineProperty(response, 'closed', { value: hasLeft })
    void shed(request, response, () => undefined)
  }
  ask(true)
  ask(false)
  expect(() => ask(false)).toThrow('too many requests are being read')
})

describe('a body that does not say how long it is', () => {
  /** Sends `text` in pieces, without its length. */
  const chunked = ({ request }: TestGateway, text: string) =>
    request('/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Blob([text]).stream(),
      duplex: 'half',
    } as RequestInit)

  it('is held as what has arrived of it, until its request is over', () => {
    const shed = shedLoad({ pressure: () => undefined, bodyBytesMax: 10 })
    const ask = (headers: IncomingHttpHeaders) => {
      const request = new IncomingMessage(new Socket())
      Object.assign(request.headers, headers)
      const response = new ServerResponse(request)
      void shed(request, response, () => undefined)
      return { request, response }
    }
    const { request, response } = ask({ 'transfer-encoding': 'chunked' })
    request.emit('data', Buffer.from('eight by'))
    expect(() => ask({ 'content-length': '3' })).toThrow('too many requests are being read')
    ask({ 'content-length': '2' })
    response.emit('close')
    ask({ 'content-length': '8' })
    expect(() => ask({ 'content-length': '1' })).toThrow('too many requests are being read')
  })

  it('is read whole, and weighs in the queue what it holds', async () => {
    const costs: number[] = []
    const overload = createFairPlaces({ of: 'the gateway', placesMax: 1, waitMsMax: 500 })
    gateway = await startGateway({
      overload: {
        enter(entry) {
          costs.push(entry.cost)
          return overload.enter(entry)
        },
      },
    })
    const text = JSON.stringify({ model: 'openai/m', messages: [{ role: 'user', content: 'x'.repeat(400_000) }] })
    const answer = await chunked(gateway, text)
    expect(await answer.json()).toMatchObject({ error: { code: 'model_not_found' } })
    expect(costs).toEqual([text.length / 4])
  })
})
