import type { CliSettings } from '../cli-settings.ts'
import { refuseUnusableRedis } from './external-redis.ts'

/** Throws, in one line, when the Redis or the database that the environment names cannot be used. Says what is waited for. */
export async function refuseUnusableStores(
  { redisUrl, databaseUrls }: Pick<CliSettings, 'redisUrl' | 'databaseUrls'>,
  note: (line: string) => void,
): Promise<void> {
  if (redisUrl !== undefined) await refuseUnusableRedis(redisUrl, { note })
  if (databaseUrls === undefined) return
  // Loaded only here: the supervisor of an embedded database stays small without the driver.
  const { refuseUnusableDatabase } = await import('./external-database.ts')
  await refuseUnusableDatabase(databaseUrls, note)
}
