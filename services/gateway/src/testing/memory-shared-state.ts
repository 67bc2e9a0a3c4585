import type { SharedState } from '@weft/mesh'
import { createPatientState, type PatientState } from '@weft/models'

/** The state that gateways of a test share. */
export function createMemorySharedState(): SharedState & { isAway: boolean; reads: number } {
  const entries = new Map<string, { text: string; etag: string }>()
  return {
    isAway: false,
    reads: 0,
    async get(key) {
      this.reads += 1
      if (this.isAway) throw new Error('the state store is away')
      const entry = entries.get(key)
      return entry === undefined ? undefined : { value: JSON.parse(entry.text), etag: entry.etag }
    },
    async compareAndSet(key, value, etag) {
      if (this.isAway) throw new Error('the state store is away')
      if (entries.get(key)?.etag !== etag) return false
      entries.set(key, { text: JSON.stringify(value), etag: String(Number(etag ?? 0) + 1) })
      return true
    },
  }
}

/** As a call that waits for it wants it. */
export function patiently(shared: SharedState): PatientState {
  return createPatientState(shared, () => performance.now())
}
