import type { KeyScope } from '../core/api-key.ts'
import type { CallLimits } from '../limits/core/call-limits.ts'
import type { KeyLookup } from './check-keys.ts'

/** A key as lists show it; the key itself is shown once, when it is made. */
export interface KeyRecord {
  id: string
  tenant: string
  name: string
  preview: string
  scopes: KeyScope[]
  roles: string[]
  createdAt: string
  expiresAt: string | undefined
  revokedAt: string | undefined
  limits?: CallLimits | undefined
}

export interface NewKey {
  id: string
  tenant: string
  name: string
  keyHash: string
  preview: string
  scopes: KeyScope[]
  roles: string[]
  expiresAt: string | undefined
  limits?: CallLimits | undefined
}

export interface KeyStore extends KeyLookup {
  /** Stores a key; one with the same hash stays as it is, revoked or not. Answers whether there was none. */
  insert(key: NewKey): Promise<boolean>
  list(query: { tenant: string; limit: number; after: string | undefined }): Promise<{ data: KeyRecord[]; hasMore: boolean }>
  /** Revokes a key for good, of the tenant or, without one, of any; answers whose it is, undefined when there is none. */
  revoke(key: { tenant: string | undefined; keyId: string }): Promise<string | undefined>
}
