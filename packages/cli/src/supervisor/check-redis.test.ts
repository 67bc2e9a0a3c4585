import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, expect, it } from '@jest/globals'
import { checkRedis } from './check-redis.ts'

let server: Server | undefined
afterEach(() => new Promise((resolve) => server?.close(resolve)))

/** A Redis that answers its log-in and then this. */
async function check(info: string) {
  const redis = createServer((socket) => socket.once('data', () => socket.write(`+OK\r\n${info}`)))
  server = redis
  await new Promise<void>((resolve) => redis.listen(0, '127.0.0.1', resolve))
  return checkRedis({ port: (redis.address() as AddressInfo).port, password: 'p' })
}

const infoOf = (used: number, max: number) =>
  `$90\r\n# Memory\r\nused_memory:${used}\r\nused_memory_rss:1\r\nmaxmemory:${max}\r\n\r\n`

it('says how much Redis uses of what it may, and what to do before nothing is left', async () => {
  expect(await check(infoOf(104_857_600, 1_073_741_824))).toMatchObject({ ok: true, detail: '100 MB of 1024 MB in use' })
  expect(await check(infoOf(1_000_000_000, 1_073_741_824))).toMatchObject({
    ok: false,
    remedy: expect.stringContaining('WEFT_REDIS_MAXMEMORY'),
  })
})

it('does not take a Redis that refuses to tell for one that is well', async () => {
  expect(await check('-NOAUTH Authentication required.\r\n')).toMatchObject({ ok: false, detail: 'Redis does not tell' })
})
