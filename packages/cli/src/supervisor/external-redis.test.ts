import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { checkExternalRedis, refuseUnusableRedis } from './external-redis.ts'

let server: Server | undefined
let heard = ''
let notes: string[] = []
const told = { note: (line: string) => void notes.push(line) }
beforeEach(() => {
  notes = []
})
afterEach(() => new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve))))

/** The address of a Redis that gives this answer to all it is asked at once. */
async function redisThatSays(answer: string, port = 0): Promise<string> {
  const redis = createServer((socket) =>
    socket.once('data', (chunk) => {
      heard = chunk.toString()
      socket.write(answer)
    }),
  )
  server = redis
  await new Promise<void>((resolve) => redis.listen(port, '127.0.0.1', resolve))
  return `redis://:p%20w@127.0.0.1:${(redis.address() as AddressInfo).port}/2`
}

interface Told {
  maxmemory?: number
  used?: number
  policy?: string
  aof?: 0 | 1
  cluster?: 0 | 1
}

function info({ maxmemory = 0, used = 0, policy = 'noeviction', aof = 1, cluster = 0 }: Told = {}): string {
  const lines = [
    `used_memory:${used}`,
    `maxmemory:${maxmemory}`,
    `maxmemory_policy:${policy}`,
    `aof_enabled:${aof}`,
    `cluster_enabled:${cluster}`,
  ]
  return `+OK\r\n+OK\r\n$99\r\n# Memory\r\n${lines.join('\r\n')}\r\n\r\n`
}

it('a Redis of one server that lets the mesh in is taken', async () => {
  await refuseUnusableRedis(await redisThatSays(info()), told)
  expect(heard).toBe('*2\r\n$4\r\nAUTH\r\n$3\r\np w\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n2\r\n*1\r\n$4\r\nINFO\r\n')
})

it.each([
  ['does not let the mesh ask about it', "+OK\r\n+OK\r\n-NOPERM this user has no permissions to run the 'info' command\r\n"],
  ['is still starting', '-LOADING Redis is loading the dataset in memory\r\n'],
])('one that %s is taken, too', async (_what, answer) => {
  await refuseUnusableRedis(await redisThatSays(answer), told)
})

it.each([
  ['a cluster', info({ cluster: 1 }), 'is a Redis Cluster'],
  [
    'a cluster asked for another database than the first',
    '+OK\r\n-ERR SELECT is not allowed in cluster mode\r\n',
    'is a Redis Cluster',
  ],
  [
    'one with another password',
    '-WRONGPASS invalid username-password pair\r\n',
    'refuses: WRONGPASS invalid username-password pair',
  ],
])('%s is refused before anything starts, and it is said why', async (_what, answer, why) => {
  await expect(refuseUnusableRedis(await redisThatSays(answer), told)).rejects.toMatchObject({
    code: 'redis_unusable',
    message: expect.stringContaining(why),
  })
})

it('one that is not there is waited for, said to be, and refused by the address that was named', async () => {
  await expect(refuseUnusableRedis('redis://127.0.0.1:1', { ...told, patienceMs: 100 })).rejects.toMatchObject({
    message: expect.stringMatching(/^the Redis of REDIS_URL \(127\.0\.0\.1:1\) is not reached: .*ECONNREFUSED/),
  })
  expect(notes).toEqual([expect.stringMatching(/^waiting up to 0.1 s for the Redis of REDIS_URL .* ECONNREFUSED/)])
})

it('one that starts meanwhile is taken', async () => {
  const url = await redisThatSays(info())
  const port = Number(new URL(url).port)
  await new Promise((resolve) => server?.close(resolve))
  const taken = refuseUnusableRedis(url, told)
  await new Promise<void>((resolve) => setTimeout(resolve, 200))
  await redisThatSays(info(), port)
  await taken
  expect(notes).toHaveLength(1)
})

it('a replica that takes no writes is refused, if none of them is promoted', async () => {
  const replica = info().replace('cluster_enabled', 'role:slave\r\nslave_read_only:1\r\ncluster_enabled')
  await expect(refuseUnusableRedis(await redisThatSays(replica), { ...told, patienceMs: 100 })).rejects.toMatchObject({
    message: expect.stringContaining('is a replica that takes no writes: name its primary'),
  })
})

it('one that could lose sessions is taken, and that is said', async () => {
  await refuseUnusableRedis(await redisThatSays(info({ aof: 0 })), told)
  expect(notes).toEqual([
    expect.stringMatching(/loses sessions when it ends: appendonly is off: name a Redis .* appendonly yes, /),
  ])
})

it.each([
  [{}, true, ''],
  [{ maxmemory: 0, policy: 'allkeys-lru' }, true, ''],
  [
    { maxmemory: 1_000_000, policy: 'allkeys-lru' },
    false,
    'drops sessions when its memory is used up: its maxmemory-policy is allkeys-lru',
  ],
  [{ aof: 0 as const }, false, 'loses sessions when it ends: appendonly is off'],
  [{ cluster: 1 as const }, false, 'is a Redis Cluster'],
  [{ maxmemory: 104_857_600, used: 52_428_800 }, true, ''],
  [{ maxmemory: 104_857_600, used: 103_809_024 }, false, 'has little room left: 99 MB of 100 MB are in use'],
])('the doctor says of %j whether sessions are safe there: %s', async (told, ok, detail) => {
  expect(await checkExternalRedis(await redisThatSays(info(told)))).toMatchObject({ ok, detail: expect.stringContaining(detail) })
})
