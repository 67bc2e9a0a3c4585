import { createServer, type Server, type ServerResponse } from 'node:http'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { postOutbound, requireOutboundUrl } from './outbound-post.ts'

let server: Server
let url: string
const seen: string[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(request.url ?? '')
    if (request.url === '/moved') response.writeHead(302, { location: '/target' }).end()
    else if (request.url === '/endless') endlessly(() => response.write('x'.repeat(65_536)), response)
    else if (request.url === '/drip') endlessly(() => response.write('x'), response)
    else if (request.url !== '/silent') response.end('x'.repeat(1_000))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
})
afterAll(() => {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(resolve))
})

function endlessly(write: () => void, response: ServerResponse): void {
  const timer = setInterval(write, 10)
  response.once('close', () => clearInterval(timer))
}

const post = (to: string, hosts: string[] = [], timeoutMs = 30_000) =>
  postOutbound({ url: to, headers: {}, body: '{}' }, { privateHosts: new Set(hosts), timeoutMs })

it.each([
  'https://127.0.0.1/',
  'https://localhost/',
  'https://10.1.2.3/',
  'https://169.254.169.254/latest/meta-data',
  'https://192.168.0.1/',
  'https://[::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:169.254.169.254]/',
  'https://[::ffff:0:10.0.0.1]/',
  'https://[64:ff9b:1::10.0.0.1]/',
  'https://[fec0::1]/',
  'https://[3fff::1]/',
  'https://[5f00::1]/',
  'https://192.88.99.1/',
  'https://[fd00::1]/',
  'https://0.0.0.0/',
  'https://2130706433/',
  'https://0x7f.1/',
])('does not call %s', async (address) => {
  await expect(post(address)).rejects.toMatchObject({ code: 'permission_denied', isRetryable: false })
})

it('calls a private host that the operator named, and follows no redirect from there', async () => {
  expect(await post(`${url}/hook`, ['127.0.0.1'])).toBe(200)
  expect(await post(`${url}/moved`, ['127.0.0.1'])).toBe(302)
  expect(seen).toEqual(['/hook', '/moved'])
})

it.each([
  ['/endless', 30_000],
  ['/drip', 3_000],
])('takes the status of an answer whose body never ends: %s', async (path, timeoutMs) => {
  expect(await post(url + path, ['127.0.0.1'], timeoutMs)).toBe(200)
})

it('waits for no receiver longer than it may', async () => {
  const waiting = post(`${url}/silent`, ['127.0.0.1'], 200)
  await expect(waiting).rejects.toMatchObject({ code: 'upstream_error', isRetryable: true })
})

it('tells what does not answer', async () => {
  await expect(post('http://127.0.0.1:1/', ['127.0.0.1'])).rejects.toMatchObject({ code: 'upstream_error', isRetryable: true })
})

it.each([
  ['not a URL', 'hook'],
  ['must begin with https://', 'http://example.com'],
  ['must begin with https://', 'file:///etc/passwd'],
  ['must not hold a user', 'https://me:secret@example.com'],
])('refuses beforehand what is no address to call: %s', (message, address) => {
  expect(() => requireOutboundUrl(address, new Set())).toThrow(message)
})
