import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readSettings } from '@weft/settings'
import { z } from 'zod'
import { type AppendFsync, appendFsyncs, maxMemoryDefault } from './supervisor/redis-configuration.ts'
import { restartDelayMsMaxDefault } from './supervisor/restart-delay.ts'

/** The checkout that this program is part of. */
export const rootFolder = fileURLToPath(new URL('../../..', import.meta.url))

export interface CliSettings {
  /** Public port of the gateway. */
  port: number
  /** The absolute path of the folder for everything that the mesh stores. */
  dataFolder: string
  /** The admin key when the environment names one; else it is in `$dataFolder/admin.key`. */
  apiKey: string | undefined
  /** Comma-separated; absent: the embedded database. */
  databaseUrls: string | undefined
  /** Absent: the embedded Redis. */
  redisUrl: string | undefined
  /** When the embedded Redis syncs its file to the disk. */
  appendFsync: AppendFsync
  /** The most memory of the embedded Redis, such as `4gb`. */
  redisMaxMemory: string
  /** JSON file naming the programs the mesh runs on. */
  toolchainFile: string
  compileCacheFolder: string
  /** Longest wait before a process that ended is started again. */
  restartDelayMsMax: number
  /** Everything else, handed on to the services (provider keys, OTEL_*, proxies, …). */
  environment: Record<string, string>
}

const portError = { error: 'a port from 1 to 65535' }
const delayError = { error: 'milliseconds' }
const text = z.string().min(1).optional()

// A loose object: the services' own variables pass through unread.
const cliEnvironment = z.looseObject({
  WEFT_PORT: z.coerce.number(portError).int(portError).min(1, portError).max(65_535, portError).default(8000),
  WEFT_DATA: text,
  WEFT_API_KEY: text,
  DATABASE_URLS: text,
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\/[^/]+/, 'a URL like redis://:password@127.0.0.1:6379')
    .optional(),
  WEFT_REDIS_APPENDFSYNC: z.enum(appendFsyncs, { error: 'everysec or always' }).default('everysec'),
  WEFT_REDIS_MAXMEMORY: z
    .string()
    .regex(/^[1-9]\d*(mb|gb)$/i, 'a size like 512mb or 4gb')
    .default(maxMemoryDefault),
  WEFT_CACHE: text,
  WEFT_TOOLCHAIN: text,
  XDG_CACHE_HOME: text,
  NODE_COMPILE_CACHE: text,
  WEFT_RESTART_DELAY_MS_MAX: z.coerce.number(delayError).int(delayError).min(0, delayError).default(restartDelayMsMaxDefault),
  WEFT_MODELS_FILE: text.transform((path) => (path === undefined ? undefined : resolve(path))),
  WEFT_APPROVAL_POLICIES: text.transform((path) => (path === undefined ? undefined : resolve(path))),
})

/** Reads and checks what the command line itself needs. Throws `SettingsError` naming every wrong variable. */
export function readCliSettings(): CliSettings {
  const variables = readSettings(cliEnvironment)
  const cache = variables.WEFT_CACHE ?? join(variables.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'weft')
  const strings = Object.entries(variables).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  )
  return {
    port: variables.WEFT_PORT,
    // The default is in the checkout, wherever the command is called; a given path is relative to where it is called.
    dataFolder: variables.WEFT_DATA === undefined ? join(rootFolder, '.weft') : resolve(variables.WEFT_DATA),
    apiKey: variables.WEFT_API_KEY,
    databaseUrls: variables.DATABASE_URLS,
    redisUrl: variables.REDIS_URL,
    appendFsync: variables.WEFT_REDIS_APPENDFSYNC,
    redisMaxMemory: variables.WEFT_REDIS_MAXMEMORY,
    toolchainFile: variables.WEFT_TOOLCHAIN ?? join(cache, 'toolchain.json'),
    compileCacheFolder: variables.NODE_COMPILE_CACHE ?? join(cache, 'compile-cache'),
    restartDelayMsMax: variables.WEFT_RESTART_DELAY_MS_MAX,
    environment: Object.fromEntries(strings),
  }
}
