import { isIPv4 } from 'node:net'
import { WeftError } from '@weft/contracts'
import { isAllowedHost } from '../core/check-host.ts'
import type { Handler } from './handler.ts'

/** Refuses requests whose Host or Origin is not ours: a page of another site must not reach a loopback service through the browser. */
export function guardHosts(allowed: ReadonlySet<string>): Handler {
  return (request, _response, next) => {
    const { host, origin } = request.headers
    if (host === undefined) throw new WeftError('invalid_request', 'send the header Host', { param: 'Host' })
    if (!isAllowedHost({ host, origin }, allowed))
      throw new WeftError('permission_denied', 'this Host or Origin is not one of this gateway')
    next()
  }
}

/** Refuses bodies in a transfer coding that nobody here undoes: node takes `gzip, chunked` for `chunked`, and what it hands on is still packed. */
export const guardCoding: Handler = (request, _response, next) => {
  const coding = request.headers['transfer-encoding']
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked')
    throw new WeftError(
      'unsupported_media_type',
      `Transfer-Encoding: '${coding.slice(0, 100)}' is not supported; send 'chunked' alone, and name a packed body in Content-Encoding`,
      { param: 'Transfer-Encoding' },
    )
  next()
}

/** Paths of health and metrics that only a key opens from elsewhere; "alive" and "ready" are for everybody. */
export const guardedHealth = ['/healthz', '/metrics']

/** Lets a request of this machine pass, and from elsewhere one with a key. */
export function guardHealth(needsKey: Handler): Handler {
  return (request, response, next) => {
    if (isLoopback(request.socket.remoteAddress)) next()
    else needsKey(request, response, next)
  }
}

function isLoopback(address: string | undefined): boolean {
  const plain = address?.replace(/^::ffff:/, '') ?? ''
  return plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'))
}
