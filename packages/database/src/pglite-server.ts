import { PGlite } from '@electric-sql/pglite'
import { pg_textsearch } from '@electric-sql/pglite-pg_textsearch'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import { vector } from '@electric-sql/pglite-pgvector'

export interface PgliteServer {
  readonly port: number
  stop(): Promise<void>
}

/** A client silent for this long is ended, with the transaction it may be stuck in; pools close idle connections sooner. */
const clientIdleMs = 60_000
const clientsMax = 64

/**
 * PGlite with pgvector and pg_textsearch behind its socket server, on the loopback interface. All clients share one backend.
 *
 * @param options.dataFolder - where the database lies; without it in memory.
 */
export async function startPgliteServer(options: { port: number; dataFolder?: string }): Promise<PgliteServer> {
  const db = await PGlite.create({
    ...(options.dataFolder === undefined ? {} : { dataDir: options.dataFolder }),
    extensions: { vector, pg_textsearch },
  })
  await db.exec('create extension if not exists vector; create extension if not exists pg_textsearch')
  const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: options.port, maxConnections: clientsMax, idleTimeout: clientIdleMs })
  await server.start()
  return {
    port: Number(server.getServerConn().split(':').at(-1)),
    async stop() {
      await server.stop()
      await db.close()
    },
  }
}
