import { ResultEvent, UsageEvent } from '@weft/contracts'
import { z } from 'zod'
import type { Sidecar } from './dapr-sidecar.ts'

/** What an agent keeps of a finished execution: its usage and its result, enough to answer the same key again without working. */
export const KeptExecution = z.object({ usage: z.array(UsageEvent), result: ResultEvent })
export type KeptExecution = z.infer<typeof KeptExecution>

/** Where agents keep what they finished, by tenant and idempotency key (`{tenant}/{key}`). Both throw `dependency_unavailable` while the store is away. */
export interface KeptResults {
  find(idempotencyKey: string): Promise<KeptExecution | undefined>
  keep(idempotencyKey: string, execution: KeptExecution): Promise<void>
}

/** As long as a client may repeat a request under the same key (public API: 24 h). */
const keptSeconds = 86_400

/** Kept results in the mesh's state store, shared by all replicas of an agent. */
export function createKeptResults(sidecar: Sidecar): KeptResults {
  return {
    find: (idempotencyKey) => sidecar.getState(`result/${idempotencyKey}`, KeptExecution),
    keep: (idempotencyKey, execution) => sidecar.saveState(`result/${idempotencyKey}`, execution, { ttlSeconds: keptSeconds }),
  }
}
