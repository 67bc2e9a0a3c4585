import type { UsageStore } from './usage-store.ts'

/** The same reports; calls that this gateway has made and ended are in them. Those of agents follow within a second. */
export function settledUsage(usage: UsageStore, ledger: { flush(): Promise<void> }): UsageStore {
  const settled = <Query, Found>(read: (query: Query) => Promise<Found>) => {
    return async (query: Query) => {
      await ledger.flush()
      return read(query)
    }
  }
  return { sum: settled(usage.sum), calls: settled(usage.calls), find: settled(usage.find), removedUntil: usage.removedUntil }
}
