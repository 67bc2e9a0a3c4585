import type { UsageStore } from './usage-store.ts'

/** Wraps a UsageStore so that its reports include every call that this gateway has made and ended. Calls of agents follow within a second. */
export function settledUsage(usage: UsageStore, ledger: { flush(): Promise<void> }): UsageStore {
  const settled = <Query, Found>(read: (query: Query) => Promise<Found>) => {
    return async (query: Query) => {
      await ledger.flush()
      return read(query)
    }
  }
  return { sum: settled(usage.sum), calls: settled(usage.calls), find: settled(usage.find), removedUntil: usage.removedUntil }
}
