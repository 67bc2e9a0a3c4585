import { createFairPlaces, createSharedState, type Sidecar } from '@weft/mesh'
import { createPatientState } from '@weft/models'
import { createAttemptCounts } from './answers/count-attempts.ts'
import { createCallLimiter } from './limits/limit-calls.ts'
import { watchMemory } from './overload/memory-pressure.ts'
import type { GatewaySettings } from './settings.ts'

/** On a busy machine answers take longer than the usual 150 ms, and gateways that count alone let a minute's worth through each. */
const limitsPatienceMs = 500

/** As many as keep the orchestrator busy; a turn waits as long as one is waited for that a slow mesh does not take. */
const submissionsMax = { placesMax: 64, waitMsMax: 60_000, waitingPerTenantMax: 4_096, waitingMax: 4_096 }

/** What bounds the work this gateway takes on: attempts of requests, limits of keys and tenants, places, memory. */
export function composeLoad(settings: GatewaySettings, sidecar: Sidecar) {
  const tenantLimits = () => ({
    requestsPerMinute: settings.WEFT_TENANT_REQUESTS_PER_MINUTE,
    tokensPerMinute: settings.WEFT_TENANT_TOKENS_PER_MINUTE,
    concurrency: settings.WEFT_TENANT_CONCURRENCY,
  })
  const state = createSharedState(sidecar)
  const nowMs = () => performance.now()
  return {
    attempts: createAttemptCounts(createPatientState(state, nowMs)),
    limiter: createCallLimiter({
      shared: createPatientState(state, nowMs, limitsPatienceMs),
      gateway: settings.WEFT_INSTANCE,
      tenantLimits,
    }),
    overload: createFairPlaces({ of: 'the gateway', placesMax: settings.WEFT_PLACES }),
    submissions: createFairPlaces({ of: 'the gateway', quantum: 1, reservedShare: 0, ...submissionsMax }),
    pressure: watchMemory({ rssMbMax: settings.WEFT_MEMORY_MB_MAX }),
  }
}
