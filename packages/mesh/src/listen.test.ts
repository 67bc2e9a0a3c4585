import { connect } from 'node:net'
import { afterEach, expect, it } from '@jest/globals'
import { listen, type RunningServer } from './listen.ts'

let running: RunningServer | undefined
afterEach(() => running?.stop(0))

/** Sends bytes and answers everything that comes back until the other side closes. */
function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
  })
}

const bodyOf = (answer: string): unknown => JSON.parse(answer.split('\r\n\r\n')[1] ?? '')

it.each([
  ['headers that are too large', `GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
  ['what is not HTTP', 'hello there\r\n\r\n', 400],
  ['an expectation that it cannot meet', 'GET / HTTP/1.1\r\nhost: a\r\nexpect: tea\r\nconnection: close\r\n\r\n', 417],
])('answers %s with an error body like every other', async (_name, bytes, status) => {
  running = await listen((_request, response) => response.end(), { port: 0 })
  const answer = await exchange(running.port, bytes)
  expect(answer.startsWith(`HTTP/1.1 ${status} `)).toBe(true)
  expect(answer).toMatch(/\r\nx-request-id: req_\w+\r\n/i)
  expect(bodyOf(answer)).toMatchObject({
    error: {
      message: expect.any(String),
      type: 'invalid_request_error',
      param: status === 417 ? 'Expect' : null,
      code: 'invalid_request',
    },
  })
})

it('gives up a request that never arrives whole', async () => {
  running = await listen((request) => request.resume(), { port: 0, requestTimeoutMs: 100 })
  const answer = await exchange(running.port, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n{')
  expect(answer.startsWith('HTTP/1.1 408 ')).toBe(true)
})
