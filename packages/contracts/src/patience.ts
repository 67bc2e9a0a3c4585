import { hasCode } from './problem.ts'

const pauseMs = 500

/** Calls `ask` until it does not throw `dependency_unavailable` any more, every 0.5 s; throws any other error, and the last one once the time is up. */
export type Patience = <T>(ask: () => Promise<T>) => Promise<T>

/**
 * For what is worth more late than not at all, as the sources of an answer are. The `patienceMs` are for all calls of the returned function together: what
 * one has waited the next cannot.
 */
export function createPatience(patienceMs: number): Patience {
  let leftMs = patienceMs
  return async (ask) => {
    for (;;) {
      const askedAtMs = performance.now()
      try {
        return await ask()
      } catch (thrown) {
        leftMs -= performance.now() - askedAtMs + pauseMs
        if (leftMs < 0 || !hasCode(thrown, 'dependency_unavailable')) throw thrown
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }
  }
}
