import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { CliSettings } from '../cli-settings.ts'
import type { DataPaths } from './data-paths.ts'

/** What is missing from a data folder that holds the rest, to be said before it is made anew and empty; undefined when nothing is. */
export function findMissingStore(
  { data, pgliteData, redisData }: DataPaths,
  { databaseUrls, redisUrl }: Pick<CliSettings, 'databaseUrls' | 'redisUrl'>,
): string | undefined {
  const hasDatabase = existsSync(pgliteData)
  const hasRedis = existsSync(join(redisData, 'appendonlydir'))
  if (hasDatabase === hasRedis) return undefined
  if (hasDatabase ? redisUrl !== undefined : databaseUrls !== undefined) return undefined
  const [held, missing, variable] = hasDatabase
    ? ['a database, and not the sessions of it', 'redis/', 'REDIS_URL']
    : ['sessions, and not the database with their documents and keys', 'pglite/', 'DATABASE_URLS']
  return `${data} holds ${held}: ${missing} is made anew, empty; if it should be there, end the mesh (npx weft down) and put the whole copy back, or name where it is in ${variable}`
}
