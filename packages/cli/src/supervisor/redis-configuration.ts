export interface RedisPlace {
  port: number
  password: string
  dataFolder: string
  appendFsync: AppendFsync
  maxMemory: string
}

/** When Redis syncs its append-only file to the disk: once a second, or before it answers a write. */
export type AppendFsync = (typeof appendFsyncs)[number]
export const appendFsyncs = ['everysec', 'always'] as const

/** The most memory of Redis, in its own notation. Beyond it Redis refuses writes, but drops nothing. */
export const maxMemoryDefault = '1gb'

/**
 * The configuration of the embedded Redis: reachable from this machine only, with a password, and with every write in the append-only file. With both kinds of syncing,
 * a write is in the system's page cache before it is acknowledged, so nothing is lost when Redis is killed. When the machine loses power, `everysec` loses at most the
 * last second, and `always` nothing that the disk has confirmed.
 */
export function redisConfiguration({ port, password, dataFolder, appendFsync, maxMemory }: RedisPlace): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir "${dataFolder.replace(/["\\]/g, '\\$&')}"`,
    'appendonly yes',
    `appendfsync ${appendFsync}`,
    'save ""',
    `maxmemory ${maxMemory}`,
    'maxmemory-policy noeviction',
    'daemonize no',
    'databases 1',
    '',
  ].join('\n')
}

/** The variables that the component files read (dapr/components/*.yaml). */
export interface RedisConnection {
  WEFT_REDIS_HOST: string
  WEFT_REDIS_USERNAME: string
  WEFT_REDIS_PASSWORD: string
  WEFT_REDIS_TLS: string
  WEFT_REDIS_DB: string
}

export function ownRedis({ port, password }: { port: number; password: string }): RedisConnection {
  return {
    WEFT_REDIS_HOST: `127.0.0.1:${port}`,
    WEFT_REDIS_USERNAME: '',
    WEFT_REDIS_PASSWORD: password,
    WEFT_REDIS_TLS: 'false',
    WEFT_REDIS_DB: '0',
  }
}

/** The parts of a URL like `rediss://user:password@host:6380/1`, as Dapr's components need them. */
export function redisFromUrl(url: string): RedisConnection {
  const { protocol, hostname, port, username, password, pathname } = new URL(url)
  return {
    WEFT_REDIS_HOST: `${hostname}:${port === '' ? '6379' : port}`,
    WEFT_REDIS_USERNAME: decodeURIComponent(username),
    WEFT_REDIS_PASSWORD: decodeURIComponent(password),
    WEFT_REDIS_TLS: String(protocol === 'rediss:'),
    WEFT_REDIS_DB: pathname.length > 1 ? pathname.slice(1) : '0',
  }
}
