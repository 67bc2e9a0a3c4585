import { migrateUp } from './migrate.ts'
import { type Database, openDatabase } from './open-database.ts'
import { startPgliteServer } from './pglite-server.ts'

export interface TestDatabase {
  url: string
  database: Database
  stop(): Promise<void>
}

/** A migrated PGlite in memory behind a free loopback port; about a second. */
export async function startTestDatabase(): Promise<TestDatabase> {
  const server = await startPgliteServer({ port: 0 })
  const url = `postgres://postgres@127.0.0.1:${server.port}/postgres`
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
