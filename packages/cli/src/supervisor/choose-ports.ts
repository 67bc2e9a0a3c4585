import { createServer, type Server } from 'node:net'
import { CliError } from '../cli-error.ts'

/**
 * Below the range from which systems take the source ports of outgoing connections (from 32768 on Linux, from 49152 on macOS). Within that range, a client that retries a
 * server during its restart could be given the server's own port.
 */
const range = { first: 15_000, last: 32_000 }
const attemptsMax = 2_000

/**
 * Finds a free port of 127.0.0.1 for each name. Ports of `wished` are taken again if they are still free, so that addresses stay the same after a restart. All are held
 * open until the last one is found, so that no two are the same.
 */
export async function choosePorts(names: string[], wished: Record<string, number> = {}): Promise<Record<string, number>> {
  const held: Server[] = []
  const ports: Record<string, number> = {}
  const candidates = portsFrom(Math.random())
  try {
    for (const name of names) {
      const server = (await hold(wished[name])) ?? (await holdNext(candidates))
      held.push(server)
      ports[name] = portOf(server)
    }
    return ports
  } finally {
    await Promise.all(held.map(release))
  }
}

/** The ports of the range, each once and at most `attemptsMax`, beginning at a place in it (0 to 1). */
export function* portsFrom(place: number): Generator<number> {
  const size = range.last - range.first
  const start = Math.floor(place * size)
  for (let step = 0; step < attemptsMax; step += 1) yield range.first + ((start + step) % size)
}

/** Whether a port of 127.0.0.1 is free; `denied` when the system does not allow to listen on it. */
export async function probePort(port: number): Promise<'free' | 'taken' | 'denied'> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EACCES' ? 'denied' : 'taken'))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve('free')))
  })
}

/** Listens on the first candidate that is free. */
export async function holdNext(candidates: Generator<number>): Promise<Server> {
  // Not for-of, because leaving its loop would close the generator, from which the next name continues.
  for (let next = candidates.next(); !next.done; next = candidates.next()) {
    const server = await hold(next.value)
    if (server !== undefined) return server
  }
  throw new CliError(
    'no_free_port',
    `none of ${attemptsMax} ports from ${range.first} to ${range.last} is free on 127.0.0.1: end what holds them, and start again`,
  )
}

function hold(port: number | undefined): Promise<Server | undefined> {
  if (port === undefined) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server))
  })
}

const release = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()))

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('a listening TCP server has a port')
  return address.port
}
