import { connect } from 'node:net'
import type pg from 'pg'

const requestCode = 80_877_102
const waitMs = 5_000

/**
 * Asks the server to stop the statement that a connection waits for, as a server goes on with it although its client has left. Sent without encryption, which
 * servers take and libpq's PQcancel does too; where it does not arrive the statement runs to its end. (PostgreSQL, Message Formats, CancelRequest.)
 */
export function cancelStatement(client: pg.PoolClient): void {
  const [processId, secretKey, host, port] = ['processID', 'secretKey', 'host', 'port'].map((name) => Reflect.get(client, name))
  if (typeof processId !== 'number' || typeof secretKey !== 'number' || typeof host !== 'string') return
  const request = Buffer.alloc(16)
  request.writeInt32BE(request.length, 0)
  request.writeInt32BE(requestCode, 4)
  request.writeInt32BE(processId, 8)
  request.writeInt32BE(secretKey, 12)
  const socket = connect(host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port: Number(port) })
  socket.unref()
  socket.setTimeout(waitMs, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.end(request)
}
