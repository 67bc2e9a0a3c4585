import type { KeyRecord } from '../keys/key-store.ts'

export function keyObject(key: KeyRecord) {
  return {
    object: 'api_key',
    ...key,
    expiresAt: key.expiresAt ?? null,
    revokedAt: key.revokedAt ?? null,
    limits: key.limits ?? null,
  }
}
