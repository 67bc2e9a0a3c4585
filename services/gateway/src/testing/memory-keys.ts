import { hasScope, type KeyIdentity } from '../core/api-key.ts'
import type { KeyRecord, KeyStore, NewKey } from '../keys/key-store.ts'

function identityOf({ id, tenant, scopes, name, roles, expiresAt, limits }: NewKey): KeyIdentity {
  return {
    keyId: id,
    tenant,
    scopes,
    name,
    roles,
    expiresAtMs: expiresAt === undefined ? undefined : Date.parse(expiresAt),
    limits,
  }
}

/** Keys in memory, with the rules of the stored ones. */
export function createMemoryKeys(): KeyStore {
  const keys: (NewKey & { createdAt: string; revokedAt: string | undefined })[] = []
  const isValid = (key: (typeof keys)[number]) =>
    key.revokedAt === undefined && (key.expiresAt === undefined || Date.parse(key.expiresAt) > Date.now())
  return {
    async find(keyHash) {
      const found = keys.find((key) => key.keyHash === keyHash && isValid(key))
      return found === undefined ? undefined : identityOf(found)
    },
    async findApprover({ tenant, name }) {
      const named = keys.filter((key) => key.tenant === tenant && key.name === name && isValid(key))
      const found = named.findLast(({ scopes }) => hasScope({ scopes }, 'approve'))
      return found === undefined ? undefined : identityOf(found)
    },
    findValid: async (keyIds) => new Set(keys.filter((key) => keyIds.includes(key.id) && isValid(key)).map((key) => key.id)),
    async insert(key) {
      if (keys.some(({ keyHash }) => keyHash === key.keyHash)) return false
      keys.push({ ...key, createdAt: new Date().toISOString(), revokedAt: undefined })
      return true
    },
    async list({ tenant, limit }) {
      const data: KeyRecord[] = keys.filter((key) => key.tenant === tenant).map(({ keyHash: _, ...record }) => record)
      return { data: data.slice(0, limit), hasMore: data.length > limit }
    },
    async revoke({ tenant, keyId }) {
      const found = keys.find((key) => key.id === keyId && (tenant === undefined || key.tenant === tenant))
      if (found !== undefined) found.revokedAt ??= new Date().toISOString()
      return found?.tenant
    },
  }
}
