import { migrateUp } from './migrate.ts'
import { type Database, openDatabase } from './open-database.ts'
import { startPgliteServer } from './pglite-server.ts'
import { startNativePostgres } from './testing/native-postgres.ts'

export { findNativePostgres, startNativePostgres } from './testing/native-postgres.ts'

export interface TestDatabase {
  url: string
  database: Database
  stop(): Promise<void>
}

/** A migrated PGlite in memory behind a free loopback port; about a second. */
export async function startTestDatabase(): Promise<TestDatabase> {
  const server = await startPgliteServer({ port: 0 })
  return migrate(`postgres://postgres@127.0.0.1:${server.port}/postgres`, server)
}

/** A migrated native PostgreSQL, from the folder that `findNativePostgres` answers; two seconds. */
export async function startNativeDatabase(installed: string): Promise<TestDatabase> {
  const server = await startNativePostgres(installed)
  return migrate(server.url, server)
}

async function migrate(url: string, server: { stop(): Promise<void> }): Promise<TestDatabase> {
  const database = openDatabase({ urls: [url] })
  await migrateUp(database)
  return {
    url,
    database,
    async stop() {
      await database.stop()
      await server.stop()
    },
  }
}
