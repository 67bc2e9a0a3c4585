import type { ServerResponse } from 'node:http'
import { whenClosed } from './when-closed.ts'
import { writeChunk } from './write-chunk.ts'

export interface SseMessage {
  data: string
  id?: number
}

/**
 * One response of Server-Sent Events. `send` and `relay` return a promise to wait for when the reader is slow, so that nothing piles up in memory, and
 * undefined when it keeps up. The promise never rejects.
 */
export interface SseStream {
  /** Sends status and headers; the first `send` does it too. */
  start(): void
  readonly hasStarted: boolean
  send(message: SseMessage): Promise<void> | undefined
  /** Sends text that already is one or more whole events. */
  relay(events: string): Promise<void> | undefined
  end(): void
}

/** Proxies and clients drop connections that are silent for longer; 15 s as OpenAI-compatible servers do. */
const idleMs = 15_000
/** A reader that takes nothing for this long is cut off, because what it has not read would be held in memory for ever. */
const stalledMaxMs = 60_000
/** A longer event is written in slices, between which a slow reader can be seen to read. */
const sliceBytes = 65_536
/** A text of so many UTF-16 units fits a slice: each takes at most three bytes in UTF-8. */
const sliceCharsMax = sliceBytes / 3
/** Once the stream must end early, a reader has only this long, which is enough to take the reason. */
const lastWordMs = 2_000

export interface SseOptions {
  /** Aborts when the stream must end early. */
  signal: AbortSignal
  idleMs?: number
  stalledMaxMs?: number
  lastWordMs?: number
}

/** Starts with the first event. A reader that stops reading is cut off, sooner once `signal` has aborted. */
export function createSseStream(response: ServerResponse, options: SseOptions): SseStream {
  const patience = { stalledMaxMs, lastWordMs, ...options }
  let idle: NodeJS.Timeout | undefined
  /** Node sends the headers with the first write, which has to go through it. */
  let haveHeadersLeft = false
  function begin(): void {
    if (response.headersSent) return
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    // Without this the system gathers small chunks before it sends them.
    response.socket?.setNoDelay(true)
    idle = setInterval(() => {
      if (!isBehind(response) && !response.writableEnded) void write(': keep-alive\n\n')
    }, options.idleMs ?? idleMs)
    whenClosed(response, () => clearInterval(idle))
  }

  function relay(events: string): Promise<void> | undefined {
    if (response.destroyed || response.writableEnded) return undefined
    begin()
    idle?.refresh()
    return write(events)
  }

  function write(text: string): Promise<void> | undefined {
    if (text.length > sliceCharsMax) return writeSlices(Buffer.from(text))
    const isTaken = haveHeadersLeft ? writeChunk(response, text) : response.write(text)
    haveHeadersLeft = true
    return isTaken ? undefined : settled(response, patience)
  }

  async function writeSlices(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length && !response.destroyed; at += sliceBytes) {
      if (!response.write(bytes.subarray(at, at + sliceBytes))) await settled(response, patience)
    }
  }

  return {
    start() {
      begin()
      response.flushHeaders()
    },
    get hasStarted() {
      return response.headersSent
    },
    send: (message) => relay(encodeSse(message)),
    relay,
    end() {
      clearInterval(idle)
      response.end()
      void settled(response, patience)
    },
  }
}

function isBehind({ writableNeedDrain, socket }: ServerResponse): boolean {
  return writableNeedDrain || socket?.writableNeedDrain === true
}

/** Resolves once what was written has left, or the response is closed. Closes it itself when the reader takes nothing for too long. */
async function settled(response: ServerResponse, { signal, ...limits }: Required<Omit<SseOptions, 'idleMs'>>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cut = () => {
    response.destroy()
    resolve()
  }
  let timer = setTimeout(cut, signal.aborted ? limits.lastWordMs : limits.stalledMaxMs)
  const hurry = () => {
    clearTimeout(timer)
    timer = setTimeout(cut, limits.lastWordMs)
  }
  const { socket } = response
  signal.addEventListener('abort', hurry)
  response.once('drain', resolve)
  socket?.once('drain', resolve)
  response.once('close', resolve)
  if (response.destroyed) resolve()
  await promise
  clearTimeout(timer)
  signal.removeEventListener('abort', hurry)
  response.off('drain', resolve)
  socket?.off('drain', resolve)
  response.off('close', resolve)
}

/** One event on the wire. JSON has no raw line breaks, so data is always one line. */
function encodeSse({ data, id }: SseMessage): string {
  return id === undefined ? `data: ${data}\n\n` : `id: ${id}\ndata: ${data}\n\n`
}
