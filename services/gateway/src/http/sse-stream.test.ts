import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { createSseStream, type SseStream } from './sse-stream.ts'

let server: Server
const { signal } = new AbortController()
afterEach(() => new Promise((resolve) => server.close(resolve).closeAllConnections()))

function connect(answer: (response: ServerResponse) => void): Promise<IncomingMessage> {
  server = createServer((_request, response) => answer(response))
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' }, resolve))
  })
}

/** Sends more than any buffer on the way holds. */
async function fill(sse: SseStream, out: ServerResponse): Promise<void> {
  const data = 'x'.repeat(1_048_576)
  for (let sent = 0; sent < 64 && !out.destroyed; sent += 1) await sse.send({ data })
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return text
}

describe('a stream of server-sent events', () => {
  it('is written one event a block, in order', async () => {
    const response = await connect(async (out) => {
      const sse = createSseStream(out, { signal })
      await sse.send({ data: '{"a":1}' })
      await sse.send({ id: 7, data: '{"b":2}' })
      sse.end()
    })
    expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect(await textOf(response)).toBe('data: {"a":1}\n\nid: 7\ndata: {"b":2}\n\n')
  })

  it('is kept alive by a comment when nothing is sent', async () => {
    const response = await connect((out) => {
      createSseStream(out, { signal, idleMs: 20 }).start()
    })
    let text = ''
    for await (const chunk of response) {
      text += String(chunk)
      if (text.length >= 3 * ': keep-alive\n\n'.length) break
    }
    expect(text).toMatch(/^(: keep-alive\n\n){3}/)
  })

  it('waits for a slow reader instead of piling up what it has not read', async () => {
    let sent = 0
    const big = 'x'.repeat(65_536)
    const response = await connect(async (out) => {
      const sse = createSseStream(out, { signal })
      for (; sent < 1_000 && !out.destroyed; sent += 1) await sse.send({ data: big })
    })
    let whileUnread = -1
    while (whileUnread !== sent) {
      whileUnread = sent
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    expect(whileUnread).toBeLessThan(500)
    response.resume()
    while (sent < 1_000) await new Promise((resolve) => setTimeout(resolve, 5))
    response.destroy()
  })

  it.each([
    ['is in the middle of it', (_sse: SseStream) => undefined],
    ['has all but its end', (sse: SseStream) => sse.end()],
  ])('cuts off a reader that takes nothing any more and %s', async (_name, finish) => {
    const closed = Promise.withResolvers<void>()
    await connect(async (out) => {
      out.once('close', closed.resolve)
      const sse = createSseStream(out, { signal, stalledMaxMs: 50 })
      const filling = fill(sse, out)
      finish(sse)
      await filling
    })
    await expect(closed.promise).resolves.toBeUndefined()
  })

  it('has a slow reader take one long event a slice at a time, so that it is seen to read', async () => {
    const data = 'ü'.repeat(4_194_304)
    const held: number[] = []
    const response = await connect(async (out) => {
      const sampling = setInterval(() => held.push(out.writableLength), 5)
      const sse = createSseStream(out, { signal })
      await sse.send({ data })
      sse.end()
      clearInterval(sampling)
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    response.setEncoding('utf8')
    expect((await textOf(response)) === `data: ${data}\n\n`).toBe(true)
    expect(held.length).toBeGreaterThan(0)
    expect(Math.max(...held)).toBeLessThan(1_048_576)
  })

  it('cuts off such a reader soon once the stream must end, and lets a slow one take the reason', async () => {
    const revoked = new AbortController()
    const closed = Promise.withResolvers<void>()
    const stalled = await connect(async (out) => {
      out.once('close', closed.resolve)
      const sse = createSseStream(out, { signal: revoked.signal, lastWordMs: 100 })
      await fill(sse, out)
    })
    setTimeout(() => revoked.abort(), 50)
    await closed.promise
    stalled.destroy()
    await new Promise((resolve) => server.close(resolve).closeAllConnections())
    const slow = await connect(async (out) => {
      const sse = createSseStream(out, { signal: revoked.signal, lastWordMs: 5_000 })
      await sse.send({ data: 'x'.repeat(5_000_000) })
      await sse.send({ data: 'the reason' })
      sse.end()
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await textOf(slow)).toMatch(/data: the reason\n\n$/)
  })

  it('ends quietly when its reader has gone', async () => {
    const done = Promise.withResolvers<void>()
    const response = await connect(async (out) => {
      const sse = createSseStream(out, { signal })
      await sse.send({ data: '1' })
      await new Promise((resolve) => out.once('close', resolve))
      await sse.send({ data: '2' })
      sse.end()
      done.resolve()
    })
    response.destroy()
    await expect(done.promise).resolves.toBeUndefined()
  })
})
