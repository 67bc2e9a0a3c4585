import { type Extensions, PGlite } from '@electric-sql/pglite'
import { pg_textsearch } from '@electric-sql/pglite-pg_textsearch'
import { vector } from '@electric-sql/pglite-pgvector'
import { migrateUp } from './migrate.ts'
import { type Database, openDatabase } from './open-database.ts'
import { type PgliteServer, type PgliteServerOptions, startPgliteServer } from './pglite-server.ts'
import { servePgliteSocket } from './pglite-socket.ts'
import { layCluster } from './testing/lay-cluster.ts'
import { startNativePostgres } from './testing/native-postgres.ts'
import { preparedCluster } from './testing/prepared-cluster.ts'

export { startPgliteServer } from './pglite-server.ts'
export { lastingPort } from './testing/lasting-port.ts'
export { findNativePostgres, type NativePostgres, startNativePostgres } from './testing/native-postgres.ts'

export interface TestDatabase {
  url: string
  database: Database
  stop(): Promise<void>
}

const embedded: Extensions = { vector, pg_textsearch }
const plain: Extensions = { vector }

/** A migrated PGlite in memory behind a free loopback port; half a second. */
export async function startTestDatabase(): Promise<TestDatabase> {
  const server = await startTestServer()
  return migrate({ url: urlOf(server), stop: server.stop })
}

/** The server of {@link startTestDatabase} without a connection to it, with any of a server's options. */
export async function startTestServer(options: Partial<PgliteServerOptions> = {}): Promise<PgliteServer> {
  return startPgliteServer({ port: 0, loadDataDir: await embeddedCluster(), ...options })
}

/** Lays into a folder what the first start of an embedded database and the migrations of the mesh would make there, in a fraction of the time. */
export async function layTestDatabase(dataFolder: string): Promise<void> {
  await layCluster(await embeddedCluster(), dataFolder)
}

const embeddedCluster = (): Promise<Blob> => preparedCluster('embedded', () => makeCluster(embedded))

/** A migrated PGlite in memory that has pgvector but no pg_textsearch, as a PostgreSQL of others may be. */
export async function startPlainDatabase(): Promise<TestDatabase> {
  const backend = await createPlainPglite()
  const { url, stop } = await serve(backend)
  return migrate({
    url,
    async stop() {
      await stop()
      await backend.close()
    },
  })
}

/** The database of {@link startPlainDatabase} without a server in front of it. */
export async function createPlainPglite(): Promise<PGlite> {
  return PGlite.create({ extensions: plain, loadDataDir: await preparedCluster('plain', () => makeCluster(plain)) })
}

/** A migrated native PostgreSQL, from the folder that `findNativePostgres` answers; two seconds. */
export async function startNativeDatabase(installed: string): Promise<TestDatabase> {
  const server = await startNativePostgres(installed)
  return migrate(server)
}

async function makeCluster(extensions: Extensions): Promise<Blob> {
  const backend = await PGlite.create({ extensions })
  for (const name of Object.keys(extensions)) await backend.exec(`create extension ${name}`)
  await (await migrate(await serve(backend))).stop()
  // Writes everything into the data files: what is only in the log would be replayed each time the dump is loaded.
  await backend.exec('checkpoint')
  const dump = await backend.dumpDataDir('none')
  await backend.close()
  return dump
}

interface Server {
  url: string
  stop(): Promise<void>
}

async function serve(backend: PGlite): Promise<Server> {
  const { port, stop } = await servePgliteSocket(backend, { port: 0, onBroken: () => undefined })
  return { url: urlOf({ port }), stop }
}

const urlOf = ({ port }: { port: number }) => `postgres://postgres@127.0.0.1:${port}/postgres`

async function migrate(server: Server): Promise<TestDatabase> {
  const { url } = server
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
