import { newId, WeftError } from '@weft/contracts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Actor } from '../core/actor.ts'
import { type KeyIdentity, type KeyScope, requireScope } from '../core/api-key.ts'
import type { Handler } from './handler.ts'
import type { KeyCheck } from '../keys/check-keys.ts'

const identities = new WeakMap<object, KeyIdentity>()
const requestIds = new WeakMap<object, string>()

/** A client's own request id is kept if it has this shape, which is fit for a log line. */
const requestIdShape = /^[A-Za-z0-9._-]{1,128}$/

/** Gives every request an id, sent back as `x-request-id`, and answers safe headers on everything. */
export function nameRequests(): Handler {
  return (request, response, next) => {
    const given = request.headers['x-request-id']
    const requestId = typeof given === 'string' && requestIdShape.test(given) ? given : newId('req')
    requestIds.set(response, requestId)
    response.setHeader('x-request-id', requestId)
    response.setHeader('x-content-type-options', 'nosniff')
    next()
  }
}

export function requestIdOf(response: ServerResponse): string {
  return requestIds.get(response) ?? 'unknown'
}

/** Lets a request pass that carries a valid key. A known key is checked without waiting. */
export function requireKey(keys: KeyCheck): Handler {
  return (request, response, next) => {
    const pass = (identity: KeyIdentity) => {
      identities.set(response, identity)
      next()
    }
    const identified = keys.identify(request.headers.authorization)
    if (identified instanceof Promise) identified.then(pass, next)
    else pass(identified)
  }
}

/** Lets a request pass whose key has the scope. */
export function requireScopeOf(scope: KeyScope): Handler {
  return (_request, response, next) => {
    requireScope(identityOf(response), scope)
    next()
  }
}

/** Who sent the request of this response. */
export function identityOf(response: ServerResponse): KeyIdentity {
  const identity = identities.get(response)
  if (identity === undefined) throw new WeftError('internal_error', 'this route is mounted before the key check')
  return identity
}

/** Whoever sent it, as the audit log names them. */
export function actorOf(response: ServerResponse): Actor {
  const { keyId, name, tenant } = identityOf(response)
  return { keyId, name, tenant }
}

export function tenantOf(response: ServerResponse): string {
  return identityOf(response).tenant
}

/** The address that the request was sent to. Its host is one of those the gateway answers to; the scheme is always http, as TLS ends before the gateway. */
export function baseOf({ headers }: IncomingMessage): string {
  return `http://${headers.host}`
}
