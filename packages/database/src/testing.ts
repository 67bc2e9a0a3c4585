import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import { migrateUp } from './migrate.ts'
import { type Database, openDatabase } from './open-database.ts'
import { startPgliteServer } from './pglite-server.ts'
import { servePgliteSocket } from './pglite-socket.ts'
import { startNativePostgres } from './testing/native-postgres.ts'

export { findNativePostgres, type NativePostgres, startNativePostgres } from './testing/native-postgres.ts'

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

/** A migrated PGlite in memory that has pgvector but no pg_textsearch, as a PostgreSQL of others may be. */
export async function startPlainDatabase(): Promise<TestDatabase> {
  const backend = await PGlite.create({ extensions: { vector } })
  await backend.exec('create extension vector')
  const socket = await servePgliteSocket(backend, { port: 0, onBroken: () => undefined })
  return migrate(`postgres://postgres@127.0.0.1:${socket.port}/postgres`, {
    async stop() {
      await socket.stop()
      await backend.close()
    },
  })
}

/** A migrated native PostgreSQL, from the folder that `findNativePostgres` answers; two seconds. */
export async function startNativeDatabase(installed: string): Promise<TestDatabase> {
  const server = await startNativePostgres(installed)
  return migrate(server.url, server)
}

async function migrate(url: string, server: { stop(): Promise<void> }): Promise<TestDatabase> {
  const database = openDatabase({ urls: [url] })
  const stop = async () => {
    await database.stop()
    await server.stop()
  }
  await migrateUp(database).catch(async (cause) => {
    await stop()
    throw cause
  })
  return { url, database, stop }
}
