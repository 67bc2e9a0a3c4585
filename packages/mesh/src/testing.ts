import type { KeptExecution, KeptResults } from './kept-results.ts'

/** Kept results in memory, for tests of agents. */
export function createMemoryKeptResults(): KeptResults {
  const kept = new Map<string, KeptExecution>()
  return {
    find: async (idempotencyKey) => kept.get(idempotencyKey),
    keep: async (idempotencyKey, execution) => {
      kept.set(idempotencyKey, execution)
    },
  }
}
