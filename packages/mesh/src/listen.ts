import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WeftError } from '@weft/contracts'

export interface RunningServer {
  readonly port: number
  readonly server: Server
  /** Stops accepting, lets running requests finish for `graceMs` (default 5,000), then cuts what is left. */
  stop(graceMs?: number): Promise<void>
}

/** Starts an HTTP listener on the loopback interface. Port 0 takes a free one. Throws `conflict` when the port is taken. */
export async function listen(listener: RequestListener, options: { port: number; host?: string }): Promise<RunningServer> {
  const host = options.host ?? '127.0.0.1'
  const server = createServer(
    { keepAliveTimeout: 65_000, headersTimeout: 30_000, requestTimeout: 0, maxHeaderSize: 32_768 },
    listener,
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenError(cause, host, options.port)))
    server.listen(options.port, host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return { port, server, stop: (graceMs = 5_000) => stopServer(server, graceMs) }
}

function listenError(cause: Error, host: string, port: number): Error {
  if ('code' in cause && cause.code === 'EADDRINUSE') {
    return new WeftError('conflict', `port ${port} on ${host} is taken by another program: end it or choose another port`, {
      cause,
    })
  }
  return cause
}

async function stopServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const cut = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(cut)
}
