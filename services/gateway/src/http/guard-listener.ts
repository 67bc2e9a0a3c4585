import { isIPv4 } from 'node:net'
import { WeftError } from '@weft/contracts'
import { isAllowedHost } from '../core/check-host.ts'
import { type Handler, pathOf } from './handler.ts'

/** Refuses requests whose Host or Origin is not ours: a page of another site must not reach a loopback service through the browser. */
export function guardHosts(allowed: ReadonlySet<string>): Handler {
  return (request, _response, next) => {
    const { host, origin } = request.headers
    if (!isAllowedHost({ host, origin }, allowed))
      throw new WeftError('permission_denied', 'this Host or Origin is not one of this gateway')
    next()
  }
}

const openToAll = new Set(['/livez', '/readyz'])
const openOnLoopback = new Set(['/healthz', '/metrics'])

/** Health and metrics need no key on this machine; from elsewhere only "alive" and "ready" do not. */
export function guardHealth(needsKey: Handler): Handler {
  return (request, response, next) => {
    const path = pathOf(request)
    const isOpen = openToAll.has(path) || !openOnLoopback.has(path) || isLoopback(request.socket.remoteAddress)
    if (isOpen) next()
    else needsKey(request, response, next)
  }
}

function isLoopback(address: string | undefined): boolean {
  const plain = address?.replace(/^::ffff:/, '') ?? ''
  return plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'))
}
