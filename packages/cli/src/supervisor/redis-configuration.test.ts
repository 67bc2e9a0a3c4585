import { expect, it } from '@jest/globals'
import { redisConfiguration, redisFromUrl } from './redis-configuration.ts'

it('binds Redis to this machine, with a password, an append-only file, and no eviction', () => {
  const place = { port: 6400, password: 'secret', dataFolder: '/data/my redis', maxMemory: '3gb' }
  expect(redisConfiguration({ ...place, appendFsync: 'always' })).toContain('\nappendfsync always\n')
  expect(redisConfiguration({ ...place, appendFsync: 'everysec' }).split('\n')).toEqual(
    expect.arrayContaining([
      'bind 127.0.0.1',
      'port 6400',
      'requirepass secret',
      'dir "/data/my redis"',
      'appendonly yes',
      'appendfsync everysec',
      'maxmemory 3gb',
      'maxmemory-policy noeviction',
    ]),
  )
})

it('keeps its data in a folder with any characters', () => {
  const place = { port: 6400, password: 'secret', dataFolder: '/a "b" \\c', maxMemory: '3gb', appendFsync: 'always' as const }
  expect(redisConfiguration(place)).toContain('\ndir "/a \\"b\\" \\\\c"\n')
})

it('takes host, credentials, TLS and database from a URL', () => {
  expect(redisFromUrl('rediss://me:p%40ss@redis.example:6380/2')).toEqual({
    WEFT_REDIS_HOST: 'redis.example:6380',
    WEFT_REDIS_USERNAME: 'me',
    WEFT_REDIS_PASSWORD: 'p@ss',
    WEFT_REDIS_TLS: 'true',
    WEFT_REDIS_DB: '2',
  })
  expect(redisFromUrl('redis://127.0.0.1')).toMatchObject({
    WEFT_REDIS_HOST: '127.0.0.1:6379',
    WEFT_REDIS_TLS: 'false',
    WEFT_REDIS_DB: '0',
  })
})
