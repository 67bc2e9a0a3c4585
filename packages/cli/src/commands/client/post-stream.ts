import { type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { pipeline } from 'node:stream/promises'

export type StreamAnswer = { status: number; headers: Headers; text: string }

/** A connection without any traffic for this long is given up. */
const idleTimeoutMs = 120_000
const answerBytesMax = 1_048_576

/**
 * POSTs a body as it is produced, and no faster than the server takes it. (Node's `fetch` reads ahead without bound: on Node 24 it held 120 MB for a body of 120 MB.) The
 * server may answer before the body has ended. The connection is kept for the next call when all of the exchange is complete. Throws what the body throws, and errors
 * of the connection.
 */
export async function postStream(
  url: URL,
  { headers, body }: { headers: Record<string, string>; body: AsyncIterable<Uint8Array> },
): Promise<StreamAnswer> {
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    method: 'POST',
    headers,
    timeout: idleTimeoutMs,
  })
  request.once('timeout', () => request.destroy(new Error(`nothing moved for ${idleTimeoutMs / 1_000} s`)))
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    request.once('error', reject)
  })
  let isOver = false
  try {
    const sent = pipeline(body, request)
    const response = await Promise.race([answered, sent.then(() => answered)])
    sent.catch(() => undefined)
    const text = await readText(response)
    isOver = response.complete && request.writableFinished
    return { status: response.statusCode ?? 0, headers: headersOf(response), text }
  } finally {
    answered.catch(() => undefined)
    if (!isOver) request.destroy()
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of response) {
    bytes += piece.length
    if (bytes > answerBytesMax) break
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function headersOf(response: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, values] of Object.entries(response.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  return headers
}
