import { hasCode } from './problem.ts'

const pauseMs = 500

/** Asks again while what is asked is away; throws what it threw last once `patienceMs` are used up, over all that is asked with it. */
export type Patience = <T>(ask: () => Promise<T>) => Promise<T>

/** For what is worth more late than not at all, as the sources of an answer are. */
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
