import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { newId, WeftError } from '@weft/contracts'

/** A listener on the port it was given, or that it took. */
export interface RunningServer {
  readonly port: number
  readonly server: Server
  /** Stops accepting, lets running requests finish for `graceMs` (default 5,000), then cuts what is left. */
  stop(graceMs?: number): Promise<void>
}

/** A request must have arrived whole within this time, which a file of 128 MiB does at 4 Mbit/s; its answer may take any time. */
const requestTimeoutMsDefault = 300_000

/**
 * Starts an HTTP listener on the loopback interface. Port 0 takes a free one. A request that has not arrived whole after
 * `requestTimeoutMs` (default 300,000; looked at every 5 s) is answered 408. Throws `conflict` when the port is taken.
 */
export async function listen(
  listener: RequestListener,
  options: { port: number; host?: string; requestTimeoutMs?: number },
): Promise<RunningServer> {
  const { host = '127.0.0.1', requestTimeoutMs = requestTimeoutMsDefault } = options
  const server = createServer(
    {
      keepAliveTimeout: 65_000,
      headersTimeout: Math.min(30_000, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: 32_768,
      // A request without a Host header is left to the listener, which refuses it with a body.
      requireHostHeader: false,
    },
    listener,
  )
  server.on('clientError', refuseConnection)
  server.on('checkExpectation', (_request, response) => refuseExpectation(response))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenError(cause, host, options.port)))
    server.listen(options.port, host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return { port, server, stop: (graceMs = 5_000) => stopServer(server, graceMs) }
}

/** Answers what node:http refuses before there is a request; the body has the shape of every other refusal. */
function refuseConnection(cause: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || cause.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const { status, message } = refusals[cause.code ?? ''] ?? {
    status: '400 Bad Request',
    message: 'the request is not valid HTTP/1.1',
  }
  const body = refusalBody(message, null)
  const headers = Object.entries({ ...refusalHeaders(body), connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status}\r\n${headers.join('')}\r\n${body}`)
}

function refuseExpectation(response: ServerResponse): void {
  const body = refusalBody('100-continue is the only expectation that can be met', 'Expect')
  response.writeHead(417, refusalHeaders(body)).end(body)
}

function refusalBody(message: string, param: string | null): string {
  return JSON.stringify({ error: { message, type: 'invalid_request_error', param, code: 'invalid_request' } })
}

function refusalHeaders(body: string): Record<string, string | number> {
  return {
    'x-request-id': newId('req'),
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  }
}

const refusals: Record<string, { status: string; message: string }> = {
  HPE_HEADER_OVERFLOW: { status: '431 Request Header Fields Too Large', message: 'the headers are larger than 32 KiB' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: '408 Request Timeout', message: 'the request did not arrive whole in time' },
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
