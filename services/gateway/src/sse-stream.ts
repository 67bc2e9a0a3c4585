import type { ServerResponse } from 'node:http'

export interface SseMessage {
  data: string
  id?: number
}

/** One Server-Sent Events response. `send` waits for a slow reader, so nothing piles up in memory. */
export interface SseStream {
  /** Sends status and headers; the first `send` does it too. */
  start(): void
  readonly hasStarted: boolean
  send(message: SseMessage): Promise<void>
  /** Text that already is one or more whole events. */
  relay(events: string): Promise<void>
  end(): void
}

/** Proxies and clients drop connections that are silent for longer; 15 s as OpenAI-compatible servers do. */
const idleMs = 15_000

export function createSseStream(response: ServerResponse, options: { idleMs?: number } = {}): SseStream {
  let idle: NodeJS.Timeout | undefined

  function start(): void {
    if (response.headersSent) return
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    response.flushHeaders()
    // Small chunks must leave at once.
    response.socket?.setNoDelay(true)
    idle = setInterval(() => {
      if (!response.writableNeedDrain && !response.writableEnded) response.write(': keep-alive\n\n')
    }, options.idleMs ?? idleMs)
    response.once('close', () => clearInterval(idle))
  }

  async function relay(events: string): Promise<void> {
    if (response.destroyed || response.writableEnded) return
    start()
    idle?.refresh()
    if (!response.write(events)) await drained(response)
  }

  return {
    start,
    get hasStarted() {
      return response.headersSent
    },
    send: (message) => relay(encodeSse(message)),
    relay,
    end() {
      clearInterval(idle)
      response.end()
    },
  }
}

async function drained(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  response.once('drain', resolve)
  response.once('close', resolve)
  await promise
  response.off('drain', resolve)
  response.off('close', resolve)
}

/** One event on the wire. JSON has no raw line breaks, so data is always one line. */
function encodeSse({ data, id }: SseMessage): string {
  return id === undefined ? `data: ${data}\n\n` : `id: ${id}\ndata: ${data}\n\n`
}
