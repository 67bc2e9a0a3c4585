/** Calls under way whose answer others wait for, because they ask the very same. */
export interface SingleFlight<T> {
  /** What came of the call that is under way: an answer to give again, or none. Undefined where there is no such call. */
  join(key: string): Promise<T | undefined> | undefined
  /** This call is the one that others wait for, until what is answered here is told what came of it; the first word counts. */
  lead(key: string): (kept: T | undefined) => void
}

/** Nobody waits longer for a call of somebody else. */
const patienceMs = 30_000

export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Promise<T | undefined>>()
  return {
    join: (key) => flights.get(key),
    lead(key) {
      const { promise, resolve } = Promise.withResolvers<T | undefined>()
      const settle = (kept: T | undefined) => {
        clearTimeout(timer)
        if (flights.get(key) === promise) flights.delete(key)
        resolve(kept)
      }
      const timer = setTimeout(() => settle(undefined), patienceMs).unref()
      flights.set(key, promise)
      return settle
    },
  }
}
