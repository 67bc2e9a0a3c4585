import { createServer } from 'node:net'
import { type Client, takeTurns, type WireBackend } from './pglite-turns.ts'
import { type ClientRequest, createUnitReader } from './postgres-messages.ts'

export interface PgliteSocketOptions {
  port: number
  /** A client that leaves its transaction open this long without a word is ended; default 30,000. */
  transactionIdleMs?: number
  /** Called once, when the backend broke: its state is lost, so the process should end and be started again. */
  onBroken(cause: unknown): void
}

/** Connections at most: as many as PostgreSQL takes by default. */
const clientsMax = 100
/** Bytes of one statement with its parameters at most. */
const unitBytesMax = 67_108_864

export interface PgliteSocket {
  readonly port: number
  /** True while no client is in a transaction and nothing waits. */
  isQuiet(): boolean
  stop(): Promise<void>
}

/**
 * Serves one PGlite backend to many clients on 127.0.0.1. It runs whole units (see postgres-messages.ts), never single messages, and while a client is in a
 * transaction it runs only that client's: to every client it looks as if it had the database to itself. A client that goes away inside a transaction is rolled
 * back.
 */
export async function servePgliteSocket(backend: WireBackend, options: PgliteSocketOptions): Promise<PgliteSocket> {
  const { transactionIdleMs = 30_000 } = options
  const clients = new Set<Client>()
  const turns = takeTurns(backend, options.onBroken)
  const server = createServer({ noDelay: true }, (socket) => {
    const client: Client = { socket, unitsWaiting: 0, isStarted: false, isGone: false }
    const read = createUnitReader(unitBytesMax)
    clients.add(client)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      clients.delete(client)
      turns.leave(client)
    })
    socket.on('data', (data) => {
      try {
        for (const request of read(data)) answer(client, request)
      } catch {
        socket.destroy()
      }
    })
  })
  server.maxConnections = clientsMax

  function answer(client: Client, request: ClientRequest): void {
    if (request.kind === 'refuse_encryption') client.socket.write('N')
    else if (request.kind === 'close') client.socket.destroySoon()
    else turns.add({ client, bytes: request.bytes, isOpen: request.isOpen })
  }

  const watchdog = setInterval(() => turns.endIdleOwner(transactionIdleMs), transactionIdleMs / 10)
  watchdog.unref()
  const port = await listen(server, options.port)
  return {
    port,
    isQuiet: turns.isQuiet,
    async stop() {
      clearInterval(watchdog)
      const closed = new Promise((resolve) => server.close(resolve))
      for (const client of clients) client.socket.destroy()
      await closed
      while (!turns.isQuiet()) await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new TypeError('a listening TCP server has a port'))
      else resolve(address.port)
    })
  })
}
