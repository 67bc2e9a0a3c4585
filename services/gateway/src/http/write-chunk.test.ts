import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, expect, it } from '@jest/globals'
import { createSseStream } from './sse-stream.ts'

let server: Server
const { signal } = new AbortController()
afterEach(() => new Promise((resolve) => server.close(resolve).closeAllConnections()))

/** What comes on the wire of one connection that sends this. */
async function sent(bytes: string, answer: (response: ServerResponse, path: string | undefined) => void): Promise<string> {
  server = createServer((request, response) => answer(response, request.url)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write(bytes)
  return text(socket)
}

const events = ['a', 'ü 東京', 'c'.repeat(300)].map((data) => ({ data }))
const whole = events.map(({ data }) => `data: ${data}\n\n`)
const chunks = whole.map((event) => `${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`).join('')

function speak(response: ServerResponse): void {
  const sse = createSseStream(response, { signal })
  for (const event of events) {
    void sse.send(event)
    void sse.relay('')
  }
  sse.end()
}

const last = '\r\nhost: a\r\nconnection: close\r\n\r\n'
const bodiesOf = (wire: string) => wire.split('\r\n\r\n').slice(1).join('\r\n\r\n')

it('events are chunks of HTTP/1.1, counted in bytes, and no text is no chunk', async () => {
  expect(bodiesOf(await sent(`GET / HTTP/1.1${last}`, speak))).toBe(`${chunks}0\r\n\r\n`)
})

it('readers of HTTP/1.0, who know no chunks, get the events alone', async () => {
  expect(bodiesOf(await sent(`GET / HTTP/1.0${last}`, speak))).toBe(whole.join(''))
})

it('an answer whose request came before an earlier one was answered comes after that', async () => {
  let first: ServerResponse | undefined
  const wire = await sent(`GET /first HTTP/1.1\r\nhost: a\r\n\r\nGET /second HTTP/1.1${last}`, (response, path) => {
    if (path === '/first') {
      first = response
      return
    }
    speak(response)
    first?.end('the first')
  })
  const [, afterFirst = ''] = wire.split('the first')
  expect(wire.indexOf('the first')).toBeLessThan(wire.indexOf('event-stream'))
  expect(bodiesOf(afterFirst)).toBe(`${chunks}0\r\n\r\n`)
})
