import { mkdirSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import { pg_textsearch } from '@electric-sql/pglite-pg_textsearch'
import { vector } from '@electric-sql/pglite-pgvector'
import { sharedBuffersMb } from './pglite-memory.ts'
import { servePgliteSocket } from './pglite-socket.ts'
import { startTidying } from './pglite-tidying.ts'

export interface PgliteServerOptions {
  /** 0 takes a free one. */
  port: number
  /** The folder of the database; without it the database is in memory. */
  dataFolder?: string
  /** A dump of the data folder to begin with, for a database in memory; without it an empty one is made. */
  loadDataDir?: Blob
  /** A client that leaves its transaction open this long without a word is ended; default 30,000. */
  transactionIdleMs?: number
  /** Called once, when the backend broke. Default: the process ends, so that its supervisor starts it again and it recovers from its log. */
  onBroken?: (cause: unknown) => void
}

export interface PgliteServer {
  readonly port: number
  stop(): Promise<void>
}

/** By default PGlite reserves as much for the log's buffers as a server with a machine of its own would; here the operating system caches the files too. */
const configuration = ['wal_buffers=512kB', 'jit=off']

/**
 * Serves PGlite with pgvector and pg_textsearch on the loopback interface. All clients share one backend: a setting that a client makes without SET LOCAL is
 * taken back before another client's turn, and a named prepared statement exists once for all clients.
 *
 * A commit that was acknowledged has been written to the operating system, but not synced: it survives the end of the process by any signal, not a power cut.
 */
export async function startPgliteServer(options: PgliteServerOptions): Promise<PgliteServer> {
  const { dataFolder, loadDataDir, onBroken = endProcess } = options
  if (dataFolder !== undefined) mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  const db = await PGlite.create({
    ...(dataFolder === undefined ? {} : { dataDir: dataFolder }),
    ...(loadDataDir === undefined ? {} : { loadDataDir }),
    extensions: { vector, pg_textsearch },
    postgresqlconf: [...configuration, `shared_buffers=${sharedBuffersMb(dataFolder)}MB`],
  })
  await db.exec('create extension if not exists vector; create extension if not exists pg_textsearch')
  const socket = await servePgliteSocket(db, { ...options, onBroken })
  const tidying = startTidying(db, { isQuiet: socket.isQuiet, onBroken })
  return {
    port: socket.port,
    async stop() {
      tidying.stop()
      await socket.stop()
      await db.close()
    },
  }
}

function endProcess(cause: unknown): void {
  const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
  process.stderr.write(
    `${JSON.stringify({ level: 'error', service: 'pglite', message: 'the database broke and starts again', reason })}\n`,
  )
  process.exit(1)
}
