import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { askHealth, readRedisAnswer } from './ask-health.ts'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})

async function serve(server: Server): Promise<number> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const answering = (statuses: Record<string, number>): Server =>
  createHttpServer((request, response) => {
    const status = statuses[request.url ?? '']
    if (status !== undefined) response.writeHead(status).end()
  })

describe('over HTTP', () => {
  it('is ready on success and alive on any other answer', async () => {
    const port = await serve(answering({ '/yes': 204, '/no': 503 }))
    expect(await askHealth({ kind: 'http', port, path: '/yes' })).toBe('ready')
    expect(await askHealth({ kind: 'http', port, path: '/no' })).toBe('alive')
  })

  it('is alive when only its readiness hangs', async () => {
    const port = await serve(answering({ '/livez': 200 }))
    expect(await askHealth({ kind: 'http', port, path: '/hangs', alivePath: '/livez' })).toBe('alive')
  })

  it('is alive when it has so much to do that it answers after seconds', async () => {
    const late = createHttpServer((_request, response) => void setTimeout(() => response.writeHead(200).end(), 3_000))
    const port = await serve(late)
    expect(await askHealth({ kind: 'http', port, path: '/readyz', alivePath: '/livez' })).toBe('alive')
  })

  it('is silent when nothing listens', async () => {
    const port = await serve(createServer())
    await new Promise((resolve) => servers.splice(0)[0]?.close(resolve))
    expect(await askHealth({ kind: 'http', port, path: '/' })).toBe('silent')
  })
})

it('is silent when a stopped process accepts but never answers', async () => {
  const port = await serve(createServer((socket) => socket.resume()))
  expect(await askHealth({ kind: 'redis', port, password: 'p' })).toBe('silent')
})

it('is ready when PostgreSQL answers the question for TLS', async () => {
  const port = await serve(createServer((socket) => socket.once('data', () => socket.end('N'))))
  expect(await askHealth({ kind: 'postgres', port })).toBe('ready')
})

it('is alive when Redis refuses everything for a full disk: killed, it would lose what it could not write', async () => {
  const answer = '+OK\r\n-MISCONF Errors writing to the AOF file: No space left on device\r\n'
  const port = await serve(createServer((socket) => socket.once('data', () => socket.write(answer))))
  expect(await askHealth({ kind: 'redis', port, password: 'p' })).toBe('alive')
})

it('tells a Redis that loads its data from one that serves', () => {
  expect(readRedisAnswer('+OK\r\n+PONG\r\n')).toBe('ready')
  expect(readRedisAnswer('-LOADING Redis is loading the dataset in memory\r\n')).toBe('alive')
  expect(readRedisAnswer(undefined)).toBe('silent')
})
