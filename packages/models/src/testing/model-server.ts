import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { jsonOrNothing } from '../upstream/json-or-nothing.ts'

/** What a scripted server does with one request. `delayMs` waits before each chunk. */
export type Reply =
  | {
      kind: 'text'
      chunks: string[]
      delayMs?: number
      /** Nothing is sent before it settles; on the wire of chat completions. */
      until?: Promise<unknown>
      finishReason?: string
      inputTokens?: number
      outputTokens?: number
      cachedTokens?: number
      reasoning?: string
      /** Said instead of the chunks. */
      refusal?: string
      withoutUsage?: boolean
    }
  | { kind: 'tool_calls'; calls: { id: string; name: string; arguments: string }[]; text?: string }
  | { kind: 'error'; status: number; code?: string; type?: string; message?: string; headers?: Record<string, string> }
  /** The socket is destroyed after the chunks. */
  | { kind: 'cut'; chunks: string[] }
  /** Nothing more comes after the chunks, and the connection stays open. */
  | { kind: 'stall'; chunks: string[] }
  /** The stream ends orderly, but without a finish. */
  | { kind: 'unfinished'; chunks: string[] }
  /** An error event after the chunks. */
  | { kind: 'stream_error'; chunks: string[]; type: string; message: string }

export interface ServedRequest {
  path: string
  headers: IncomingMessage['headers']
  body: Record<string, unknown>
  /** The client went away before the answer was complete. */
  isAborted: boolean
}

export interface ModelServer {
  /** What to set as the provider's base URL. */
  url: string
  /** Every request that was accepted, in order. */
  requests: ServedRequest[]
  /** What was wrong with requests that were not. */
  refusals: string[]
  abortedCount(): number
  /** Waits, 20 s at most, until that many clients have gone away; throws otherwise. */
  sawAborts(count: number): Promise<void>
  /** Connections opened so far, for proving that they are reused. */
  connectionCount(): number
  /** The replies to come, in order; afterwards the default reply again. */
  script(...replies: Reply[]): void
  stop(): Promise<void>
}

export interface Refusal {
  status: number
  message: string
  param?: string
  code?: string
}

export interface ModelWire {
  /** Added to the address, as clients expect their base URL. */
  basePath: string
  /** Answers a GET it knows, for an allowed caller. */
  answerGet(request: IncomingMessage, response: ServerResponse): boolean
  /** A refusal, or undefined for a request to answer. */
  check(request: IncomingMessage, body: unknown): Refusal | undefined
  answer(reply: Reply, served: ServedRequest, response: ServerResponse): Promise<void>
  sendRefusal(refusal: Refusal, response: ServerResponse): void
}

const bodyBytesMax = 33_554_432

/** A server on a free loopback port that answers one wire as scripted and refuses what that wire does not allow. */
export async function startModelServer(wire: ModelWire, defaultReply: Reply, port = 0): Promise<ModelServer> {
  const requests: ServedRequest[] = []
  const refusals: string[] = []
  const scripted: Reply[] = []
  let connections = 0
  const abortedCount = () => requests.filter((request) => request.isAborted).length
  const refuse = (refusal: Refusal, response: ServerResponse) => {
    refusals.push(refusal.message)
    wire.sendRefusal(refusal, response)
  }
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '/'
    if (request.method === 'GET' && wire.answerGet(request, response)) return
    const text = await readBody(request)
    const body = text === undefined ? undefined : jsonOrNothing(text)
    const refusal = text === undefined ? { status: 413, message: 'the body is too large' } : wire.check(request, body)
    if (refusal !== undefined) return refuse(refusal, response)
    const served: ServedRequest = { path, headers: request.headers, body: Object(body), isAborted: false }
    requests.push(served)
    response.once('close', () => {
      served.isAborted = !response.writableFinished
    })
    await wire.answer(scripted.shift() ?? defaultReply, served, response)
  }
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
  // As the providers do, it says nothing of how long a connection may stay open, and closes none.
  server.keepAliveTimeout = 0
  server.on('connection', () => connections++)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const boundPort = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${boundPort}${wire.basePath}`,
    requests,
    refusals,
    abortedCount,
    async sawAborts(count) {
      for (let waitedMs = 0; abortedCount() < count; waitedMs += 5) {
        if (waitedMs > 20_000) throw new Error(`${abortedCount()} of ${count} calls were aborted`)
        await sleep(5)
      }
    },
    connectionCount: () => connections,
    script: (...replies) => scripted.push(...replies),
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request) {
    bytes += part.length
    if (bytes > bodyBytesMax) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

export function sendJson(
  response: ServerResponse,
  body: object,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> | undefined } = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req_upstream', ...headers })
  response.end(JSON.stringify(body))
}

export function openEventStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
}

/** Writes each piece after its delay; stops quietly when the client has gone. */
export async function writePaced(response: ServerResponse, pieces: string[], delayMs = 0): Promise<void> {
  for (const piece of pieces) {
    if (delayMs > 0) await sleep(delayMs)
    if (response.destroyed) return
    response.write(piece)
  }
}
