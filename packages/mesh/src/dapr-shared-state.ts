import { parseJson } from '@weft/contracts'
import { z } from 'zod'
import { componentNames, type Sidecar } from './dapr-sidecar.ts'
import { readText, type SidecarResponse, throwSidecarError } from './dapr-transport.ts'

/** Small values that processes of several services share. Every method throws `dependency_unavailable` while the store is away. */
export interface SharedState {
  /** The value under a key and its etag, for `compareAndSet`; undefined where there is none. */
  get(key: string): Promise<{ value: unknown; etag: string } | undefined>
  /** Stores the value if the key still has this etag (undefined: if there is no such key yet). Resolves to whether it was stored. */
  compareAndSet(key: string, value: unknown, etag: string | undefined): Promise<boolean>
}

/** Values that nobody has written for an hour are forgotten. Nothing here has to be kept longer: without a value everybody begins anew. */
const ttlSeconds = 3_600
/** Calls of models wait for the shared state, and go on without it if it takes longer. */
const patienceMs = 2_000
const path = `/v1.0/state/${componentNames.sharedState}`
const store = 'the shared state store'

/** In the mesh's store, under keys that are the same for every service. */
export function createSharedState({ transport }: Pick<Sidecar, 'transport'>): SharedState {
  async function get(key: string) {
    const what = 'read shared state'
    const request = { method: 'GET' as const, path: `${path}/${encodeURIComponent(key)}`, what, patienceMs }
    const response = await transport.send(request)
    if (isOtherThanOk(response)) return throwSidecarError(response, { what, target: store })
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
        return await throwSidecarError(response, { what, target: store })
      } catch (cause) {
        // Where two create a key at the same time, Dapr's Redis answers the second with a failure of the store and not with a mismatch, since no etag was given.
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
