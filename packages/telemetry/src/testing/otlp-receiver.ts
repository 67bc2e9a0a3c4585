import { createServer, type IncomingMessage } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { decodeSpans, type ReceivedSpan } from './decode-spans.ts'

export type { ReceivedSpan } from './decode-spans.ts'

export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  endpoint: string
  /** Everything received so far. */
  spans(): ReceivedSpan[]
  /** How many exports of metrics came. */
  metricsExportCount(): number
  /** Resolves with the spans as soon as they satisfy `isEnough`; rejects after `timeoutMs`, naming the spans there are. */
  waitFor(isEnough: (spans: ReceivedSpan[]) => boolean, timeoutMs: number): Promise<ReceivedSpan[]>
  stop(): Promise<void>
}

/** An OTLP/HTTP receiver on 127.0.0.1, on a free port unless one is given. Like Phoenix it takes protobuf alone: anything else is refused with 415. */
export async function startOtlpReceiver(options: { port?: number } = {}): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = []
  const watchers = new Set<() => void>()
  let metricsExports = 0
  const server = createServer(async (request, response) => {
    if (request.headers['content-type'] !== 'application/x-protobuf') {
      response.writeHead(415).end()
      return
    }
    const body = await readBody(request)
    if (request.url === '/v1/traces') spans.push(...decodeSpans(body))
    else metricsExports += 1
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
    for (const look of watchers) look()
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined

  function waitFor(isEnough: (received: ReceivedSpan[]) => boolean, timeoutMs: number): Promise<ReceivedSpan[]> {
    const { promise, resolve, reject } = Promise.withResolvers<ReceivedSpan[]>()
    const timer = setTimeout(() => {
      const names = spans.map((span) => `${span.service}: ${span.name}`).join(', ')
      reject(new Error(`the spans waited for did not come in ${timeoutMs} ms; received: ${names || 'none'}`))
    }, timeoutMs)
    const look = () => {
      if (isEnough(spans)) resolve([...spans])
    }
    watchers.add(look)
    look()
    return promise.finally(() => {
      clearTimeout(timer)
      watchers.delete(look)
    })
  }

  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans: () => [...spans],
    metricsExportCount: () => metricsExports,
    waitFor,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(Buffer.from(part))
  const body = Buffer.concat(parts)
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
}
