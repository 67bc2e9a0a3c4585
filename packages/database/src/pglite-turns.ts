import type { Socket } from 'node:net'
import { BackendPanic, endsInPanic } from './backend-panic.ts'

/** The part of PGlite that is needed here: a backend that runs wire messages, and says whether it is inside a transaction. */
export interface WireBackend {
  isInTransaction(): boolean
  runExclusive<T>(act: () => Promise<T>): Promise<T>
  execProtocolRawStream(message: Uint8Array, options: { onRawData(data: Uint8Array): void }): Promise<void>
}

export interface Client {
  readonly socket: Socket
  unitsWaiting: number
  isStarted: boolean
  isGone: boolean
}

/** Messages of one client that run as a whole. With `isOpen` the same client must run next. */
export interface Unit {
  client: Client
  bytes: Uint8Array
  isOpen: boolean
}

export interface Turns {
  add(unit: Unit): void
  /** Drops the units that the client still has waiting, and rolls its transaction back. */
  leave(client: Client): void
  /** Disconnects the client whose transaction holds the backend, if it has asked nothing for this long. */
  endIdleOwner(idleMs: number): void
  /** True while no transaction is open, nothing runs and nothing waits. */
  isQuiet(): boolean
}

/** How many units of a client may wait; until fewer do, its connection is not read further. */
const unitsWaitingMax = 64

/** The message Sync, which ends a statement that was cut short, then the query "rollback". */
const rollback = Buffer.from('S\0\0\0\x04Q\0\0\0\x0drollback\0', 'latin1')
/** The query "reset all;reset session authorization": the user a client acts as is no setting, so `reset all` leaves it. */
const resetAll = Buffer.from('Q\0\0\0\x2areset all;reset session authorization\0', 'latin1')

/**
 * Decides who runs next on the one backend: units run in the order they came, except that a transaction keeps the backend until it ends. Settings that a client
 * made are taken back before another client runs. `onBroken` is called once, when the backend itself fails; nothing runs after that.
 */
export function takeTurns(backend: WireBackend, onBroken: (cause: unknown) => void): Turns {
  let queue: Unit[] = []
  let owner: Client | undefined
  let ownerSinceMs = 0
  /** The client that changed settings, which would otherwise hold for all from now on. */
  let alteredBy: Client | undefined
  let isRunning = false
  let isBroken = false

  async function runQueue(): Promise<void> {
    if (isRunning || isBroken) return
    isRunning = true
    try {
      for (;;) {
        if (owner?.isGone === true) owner = await rollBack()
        const unit = nextUnit()
        if (unit === undefined) break
        if (alteredBy !== undefined && alteredBy !== unit.client) alteredBy = await takeBackSettings()
        owner = (await runUnit(backend, unit)) ? unit.client : undefined
        if (changesSettings(unit.bytes)) alteredBy = unit.client
        ownerSinceMs = performance.now()
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

  async function takeBackSettings(): Promise<undefined> {
    await run(backend, resetAll, () => undefined)
  }

  async function rollBack(): Promise<undefined> {
    await run(backend, rollback, () => undefined)
  }

  return {
    isQuiet: () => owner === undefined && !isRunning && queue.length === 0,
    add(unit) {
      queue.push(unit)
      unit.client.unitsWaiting += 1
      if (unit.client.unitsWaiting >= unitsWaitingMax) unit.client.socket.pause()
      void runQueue()
    },
    leave(client) {
      client.isGone = true
      queue = queue.filter((unit) => unit.client !== client)
      void runQueue()
    },
    endIdleOwner(idleMs) {
      if (owner !== undefined && !isRunning && performance.now() - ownerSinceMs > idleMs) owner.socket.destroy()
    },
  }
}

/** How much of a unit is looked at: a statement that changes settings says so at its beginning. */
const lookedAtBytes = 256
const settingStatement =
  /^(Q[\s\S]{4}|P[\s\S]{4}[^\0]*\0)\s*(set\s+(?!local\b|transaction\b)|reset\s|discard\s|select\s+(pg_catalog\.)?set_config\b)/i

/** Whether a unit changes settings that may outlast its transaction. On a server each client has its own; here they would reach the next client. */
function changesSettings(bytes: Uint8Array): boolean {
  return settingStatement.test(Buffer.from(bytes.subarray(0, lookedAtBytes)).toString('latin1'))
}

/** Runs one unit. Answers whether its client keeps the backend, because its statement or its transaction is not over. */
async function runUnit(backend: WireBackend, { client, bytes, isOpen }: Unit): Promise<boolean> {
  client.unitsWaiting -= 1
  if (client.socket.isPaused()) client.socket.resume()
  try {
    await run(backend, bytes, (answer) => {
      if (!client.isGone) client.socket.write(answer)
    })
    client.isStarted = true
  } catch (cause) {
    // A connection that could not begin is that client's problem; later failures are the backend's.
    if (client.isStarted || cause instanceof BackendPanic) throw cause
    client.socket.destroy()
  }
  return isOpen || backend.isInTransaction()
}

/** Has the backend run messages, and passes on its answer. Throws `BackendPanic` when the answer ends with one. */
async function run(backend: WireBackend, bytes: Uint8Array, write: (answer: Buffer) => void): Promise<void> {
  const answer = gatherAnswer(write)
  await backend.runExclusive(() => backend.execProtocolRawStream(bytes, { onRawData: answer.add }))
  const end = answer.send()
  if (endsInPanic(end)) throw new BackendPanic(end)
}

/** How much of an answer is gathered before it is sent: the backend answers in pieces of a few bytes, and sending each would cost as much as a small statement. */
const writeBytesMax = 65_536

function gatherAnswer(write: (answer: Buffer) => void): { add(data: Uint8Array): void; send(): Buffer } {
  let held: Buffer[] = []
  let bytes = 0
  function send(): Buffer {
    const answer = Buffer.concat(held)
    if (bytes > 0) write(answer)
    held = []
    bytes = 0
    return answer
  }
  return {
    add(data) {
      held.push(Buffer.from(data))
      bytes += data.length
      if (bytes >= writeBytesMax) send()
    },
    send,
  }
}
