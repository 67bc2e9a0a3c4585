import { createServer, type Socket } from 'node:net'
import { type ClientRequest, createUnitReader } from './postgres-messages.ts'

/** The part of PGlite the socket needs: one backend that runs wire messages and says whether it is inside a transaction. */
export interface WireBackend {
  isInTransaction(): boolean
  runExclusive<T>(act: () => Promise<T>): Promise<T>
  execProtocolRawStream(message: Uint8Array, options: { onRawData(data: Uint8Array): void }): Promise<void>
}

export interface PgliteSocketOptions {
  port: number
  /** Connections at most; default 100, as many as PostgreSQL. */
  clientsMax?: number
  /** A client that leaves its transaction open this long without a word is ended; default 30,000. */
  transactionIdleMs?: number
  /** Bytes of one statement with its parameters at most; default 64 MiB. */
  unitBytesMax?: number
  /** The backend broke: its state is lost, the process should end and start again. */
  onBroken(cause: unknown): void
}

export interface PgliteSocket {
  readonly port: number
  /** True while no client is in a transaction and nothing waits. */
  isQuiet(): boolean
  stop(): Promise<void>
}

interface Client {
  readonly socket: Socket
  unitsWaiting: number
  isStarted: boolean
  isGone: boolean
}

interface Unit {
  client: Client
  bytes: Uint8Array
  isOpen: boolean
}

/** A client that sends faster than it is served is not read further beyond this. */
const unitsWaitingMax = 64

/** Sync, which ends a statement cut short, then the query "rollback". */
const rollback = Buffer.from('S\0\0\0\x04Q\0\0\0\x0drollback\0', 'latin1')

/**
 * Serves one PGlite backend to many clients on 127.0.0.1. Whole units are run, never single messages, and while a client is in a
 * transaction only its units are: to every client it looks as if it had the database to itself. A client that goes away inside a
 * transaction is rolled back.
 */
export async function servePgliteSocket(backend: WireBackend, options: PgliteSocketOptions): Promise<PgliteSocket> {
  const { clientsMax = 100, transactionIdleMs = 30_000, unitBytesMax = 67_108_864 } = options
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

/** Who runs next: units in the order they came, except that a transaction keeps the backend until it ends. */
function takeTurns(backend: WireBackend, onBroken: (cause: unknown) => void) {
  let queue: Unit[] = []
  let owner: Client | undefined
  let ownerSinceMs = 0
  let isRunning = false
  let isBroken = false

  async function runQueue(): Promise<void> {
    if (isRunning || isBroken) return
    isRunning = true
    try {
      for (;;) {
        if (owner?.isGone === true) await rollBack()
        const unit = nextUnit()
        if (unit === undefined) break
        await runUnit(unit)
        // Between units the sockets are read, so that a client that left is noticed.
        await new Promise((resolve) => setImmediate(resolve))
      }
    } catch (cause) {
      isBroken = true
      queue = []
      owner = undefined
      onBroken(cause)
    } finally {
      isRunning = false
    }
  }

  function nextUnit(): Unit | undefined {
    const index = owner === undefined ? 0 : queue.findIndex((unit) => unit.client === owner)
    return index < 0 ? undefined : queue.splice(index, 1)[0]
  }

  async function runUnit({ client, bytes, isOpen }: Unit): Promise<void> {
    client.unitsWaiting -= 1
    if (client.socket.isPaused()) client.socket.resume()
    try {
      await run(bytes, (data) => {
        if (!client.isGone) client.socket.write(Buffer.from(data))
      })
      client.isStarted = true
    } catch (cause) {
      // A connection that could not begin is that client's problem; later failures are the backend's.
      if (client.isStarted) throw cause
      client.socket.destroy()
    }
    owner = isOpen || backend.isInTransaction() ? client : undefined
    ownerSinceMs = Date.now()
  }

  async function rollBack(): Promise<void> {
    await run(rollback, () => undefined)
    owner = undefined
  }

  function run(bytes: Uint8Array, onRawData: (data: Uint8Array) => void): Promise<void> {
    return backend.runExclusive(() => backend.execProtocolRawStream(bytes, { onRawData }))
  }

  return {
    isQuiet: () => owner === undefined && !isRunning && queue.length === 0,
    add(unit: Unit): void {
      queue.push(unit)
      unit.client.unitsWaiting += 1
      if (unit.client.unitsWaiting >= unitsWaitingMax) unit.client.socket.pause()
      void runQueue()
    },
    leave(client: Client): void {
      client.isGone = true
      queue = queue.filter((unit) => unit.client !== client)
      void runQueue()
    },
    endIdleOwner(idleMs: number): void {
      if (owner !== undefined && !isRunning && Date.now() - ownerSinceMs > idleMs) owner.socket.destroy()
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
