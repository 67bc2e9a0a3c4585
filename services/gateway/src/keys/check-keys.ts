import { hashApiKey, invalidKey, type KeyIdentity, keyFromHeader } from '../core/api-key.ts'
import { settleWithin } from '../settle-within.ts'

/** Where keys are kept. `find` answers only keys that are neither revoked nor expired. */
export interface KeyLookup {
  find(keyHash: string): Promise<KeyIdentity | undefined>
  /** The newest good key of a tenant with this name and the scope `approve`. */
  findApprover(key: { tenant: string; name: string }): Promise<KeyIdentity | undefined>
  /** Those of these keys that are still good. */
  findValid(keyIds: string[]): Promise<Set<string>>
}

export interface KeyCheck {
  /** Who sent this Authorization header. Throws `invalid_api_key`, or `dependency_unavailable` when no key can be looked up. */
  identify(authorization: string | undefined): KeyIdentity | Promise<KeyIdentity>
  /** Forgets a key at once, after it was revoked here. */
  forget(keyId: string): void
}

/** A key revoked through another gateway stops working here within this time. */
const freshMs = 5_000
/** Older entries are looked up again beside the request, so that a busy key never waits for the database. */
const refreshAfterMs = 2_500
/** While the database is away nobody can revoke a key there, so a key seen this recently is still believed. */
const believedMs = 60_000
const entriesMax = 10_000
const lookupLimit = { ms: 3_000, what: 'the database' }

interface Entry {
  identity: KeyIdentity
  seenAtMs: number
  isRefreshing: boolean
}

export function createKeyCheck(lookup: Pick<KeyLookup, 'find'>, nowMs: () => number = Date.now): KeyCheck {
  const cache = new Map<string, Entry>()
  // Seen in the future, by a clock that was set back since, it is old too.
  const ageOf = ({ seenAtMs }: Entry) => Math.abs(nowMs() - seenAtMs)

  async function load(keyHash: string): Promise<KeyIdentity> {
    const known = cache.get(keyHash)
    const identity = await settleWithin(lookup.find(keyHash), lookupLimit).catch((cause: unknown) => {
      if (known !== undefined && ageOf(known) < believedMs) return known.identity
      throw cause
    })
    if (identity === undefined) {
      cache.delete(keyHash)
      throw invalidKey()
    }
    if (identity !== known?.identity) remember(keyHash, identity)
    return requireUnexpired(identity)
  }

  function remember(keyHash: string, identity: KeyIdentity): void {
    cache.delete(keyHash)
    const oldest = cache.size >= entriesMax ? cache.keys().next().value : undefined
    if (oldest !== undefined) cache.delete(oldest)
    cache.set(keyHash, { identity, seenAtMs: nowMs(), isRefreshing: false })
  }

  function refresh(keyHash: string, entry: Entry): void {
    if (entry.isRefreshing) return
    entry.isRefreshing = true
    load(keyHash)
      .catch(() => undefined)
      .finally(() => {
        entry.isRefreshing = false
      })
  }

  function requireUnexpired(identity: KeyIdentity): KeyIdentity {
    if (identity.expiresAtMs !== undefined && identity.expiresAtMs <= nowMs()) throw invalidKey()
    return identity
  }

  return {
    identify(authorization) {
      const keyHash = hashApiKey(keyFromHeader(authorization))
      const entry = cache.get(keyHash)
      const ageMs = entry === undefined ? Number.POSITIVE_INFINITY : ageOf(entry)
      if (entry === undefined || ageMs >= freshMs) return load(keyHash)
      if (ageMs >= refreshAfterMs) refresh(keyHash, entry)
      return requireUnexpired(entry.identity)
    },
    forget(keyId) {
      for (const [keyHash, entry] of cache) if (entry.identity.keyId === keyId) cache.delete(keyHash)
    },
  }
}
