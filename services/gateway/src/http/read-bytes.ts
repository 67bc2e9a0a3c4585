import type { IncomingMessage } from 'node:http'
import { WeftError } from '@weft/contracts'

/**
 * Reads a whole body. Rejects with `payload_too_large`, or with `invalid_request` when its sender leaves before the end. A body that is too large is read to
 * its end all the same, without being kept: most clients look at the answer only when they have sent everything, and can then use the connection again.
 */
export function readBytes(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  let pieces: Uint8Array[] = []
  let bytesRead = 0
  let hasEnded = false
  if (request.destroyed) reject(notWhole())
  request.on('data', (bytes: Uint8Array) => {
    bytesRead += bytes.length
    if (bytesRead > bytesMax) pieces = []
    else pieces.push(bytes)
  })
  request.once('end', () => {
    hasEnded = true
    if (bytesRead > bytesMax) reject(tooLarge(bytesMax))
    else resolve(pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces))
  })
  request.once('error', (cause) => reject(notWhole(cause)))
  request.once('close', () => {
    if (!hasEnded) reject(notWhole())
  })
  return promise
}

export function tooLarge(bytesMax: number): WeftError {
  return new WeftError('payload_too_large', `the request body is larger than ${bytesMax} bytes`)
}

export function notWhole(cause?: unknown): WeftError {
  return new WeftError('invalid_request', 'the request body did not arrive whole', { cause })
}
