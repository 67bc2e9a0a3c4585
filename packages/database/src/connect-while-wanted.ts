import type pg from 'pg'
import { notWanted, wantedUntil } from './while-wanted.ts'

/** Connects for the work that goes on. If that ceases to be wanted meanwhile, this throws at once, and a connection that comes later goes back to its pool. */
export async function connectWhileWanted(connect: () => Promise<pg.PoolClient>): Promise<pg.PoolClient> {
  const signal = wantedUntil()
  if (signal === undefined) return connect()
  if (signal.aborted) throw notWanted(signal)
  const left = Promise.withResolvers<never>()
  const leave = () => left.reject(notWanted(signal))
  signal.addEventListener('abort', leave, { once: true })
  const connecting = connect()
  try {
    return await Promise.race([connecting, left.promise])
  } catch (cause) {
    connecting.then(
      (client) => client.release(),
      () => undefined,
    )
    throw cause
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
