import { hash, randomBytes } from 'node:crypto'
import { ApiKey, WeftError } from '@weft/contracts'
import { z } from 'zod'
import type { CallLimits } from '../limits/core/call-limits.ts'

export const keyScopes = ['chat', 'approve', 'admin'] as const
export const KeyScope = z.enum(keyScopes)
export type KeyScope = z.infer<typeof KeyScope>

/** Who a request comes from, as far as its key tells. */
export interface KeyIdentity {
  keyId: string
  tenant: string
  scopes: readonly KeyScope[]
  /** What its maker called it; empty for a key that nobody named. */
  name: string
  /** What it may decide as: assignees of approvals are written `role:<role>`. */
  roles: readonly string[]
  expiresAtMs: number | undefined
  /** What it may use; its tenant's limits hold besides. */
  limits?: CallLimits | undefined
}

export function newApiKey(): string {
  return `weft_${randomBytes(32).toString('base64url')}`
}

/** SHA-256 in hexadecimal. A key has 256 bits of its own, so a slow hash would add nothing but latency. */
export function hashApiKey(key: string): string {
  return hash('sha256', key, 'hex')
}

/** What a list may show of a key: enough to recognise it, far too little to guess it. */
export function keyPreview(key: string): string {
  return `${key.slice(0, 9)}…${key.slice(-4)}`
}

/** The key of an Authorization header. Throws `invalid_api_key` without ever repeating what was sent. */
export function keyFromHeader(header: string | undefined): string {
  if (header === undefined)
    throw new WeftError('invalid_api_key', 'send your key as "Authorization: Bearer weft_…"', { isRetryable: false })
  const [scheme, key, ...more] = header.trim().split(/ +/)
  if (scheme?.toLowerCase() !== 'bearer' || key === undefined || more.length > 0 || !ApiKey.safeParse(key).success)
    throw invalidKey()
  return key
}

export function invalidKey(): WeftError {
  return new WeftError('invalid_api_key', 'this key is not valid: it is unknown, expired or revoked', { isRetryable: false })
}

/** Whether a key may do what the scope is for; approving is part of administration. */
export function hasScope({ scopes }: Pick<KeyIdentity, 'scopes'>, scope: KeyScope): boolean {
  return scopes.includes(scope) || (scope === 'approve' && scopes.includes('admin'))
}

export function requireScope(identity: KeyIdentity, scope: KeyScope): void {
  if (!hasScope(identity, scope)) throw new WeftError('permission_denied', `this key lacks the scope "${scope}"`)
}
