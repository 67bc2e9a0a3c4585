import { once } from 'node:events'
import { createServer } from 'node:net'

/** Stories on a running mesh may run at the same time; they take their ports from below this range. */
const range = { first: 12_500, count: 2_500 }
const triesMax = 100

/**
 * A free port of the loopback interface, for a server that will be away for a while: it lies below those that the system gives out by itself, so that no other
 * test gets it in between. Throws when none is found.
 */
export async function lastingPort(): Promise<number> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const port = range.first + Math.floor(Math.random() * range.count)
    if (await isFree(port)) return port
  }
  throw new Error(`no free port from ${range.first} to ${range.first + range.count - 1}`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
