import { parseJson } from '@weft/contracts'
import { z } from 'zod'
import { componentNames, type Sidecar } from './dapr-sidecar.ts'
import { readText, type SidecarResponse, throwSidecarError } from './dapr-transport.ts'

/** Small values that processes of several services share. Every method throws `dependency_unavailable` while the store is away. */
export interface SharedState {
  get(key: string): Promise<{ value: unknown; etag: string } | undefined>
  /** Stores the value if the key still has this etag, or does not exist where it is undefined. Answers whether it did. */
  compareAndSet(key: string, value: unknown, etag: string | undefined): Promise<boolean>
}

/** Values nobody has written for an hour are forgotten: whatever is shared here heals by itself. */
const ttlSeconds = 3_600
/** A store that takes longer is of no use to a call that waits. */
const patienceMs = 2_000
const path = `/v1.0/state/${componentNames.sharedState}`
const store = 'the shared state store'

/** In the mesh's store, under keys that are the same for every service. */
export function createSharedState({ transport }: Pick<Sidecar, 'transport'>): SharedState {
  async function get(key: string) {
    const what = 'read shared state'
    const request = { method: 'GET' as const, path: `${path}/${encodeURIComponent(key)}`, what, patienceMs }
    const response = await transport.send(request)
    if (isOtherThanOk(response)) return throwSidecarError(response, what, store)
    const text = await readText(response, request)
    const { etag } = response.headers
    return text === '' || typeof etag !== 'string' ? undefined : { value: parseJson(z.unknown(), text, what), etag }
  }
  return {
    get,
    async compareAndSet(key, value, etag) {
      const what = 'write shared state'
      const entry = { key, value, metadata: { ttlInSeconds: String(ttlSeconds) }, options: { concurrency: 'first-write' } }
      const response = await transport.send({
        method: 'POST',
        path,
        body: [etag === undefined ? entry : { ...entry, etag }],
        what,
        patienceMs,
      })
      if (response.statusCode === etagMismatch || !isOtherThanOk(response)) {
        await response.body.dump()
        return response.statusCode !== etagMismatch
      }
      try {
        return await throwSidecarError(response, what, store)
      } catch (cause) {
        // Dapr's Redis takes the second of two first writes for a failure of the store: there is no etag that could differ.
        if (etag !== undefined || (await get(key)) === undefined) throw cause
        return false
      }
    },
  }
}

/** What the sidecar answers when another has written in between. */
const etagMismatch = 409

function isOtherThanOk({ statusCode }: SidecarResponse): boolean {
  return statusCode < 200 || statusCode > 299
}
