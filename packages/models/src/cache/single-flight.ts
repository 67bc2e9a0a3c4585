/** Lets equal calls wait for the answer of the one that is under way. */
export interface SingleFlight<T> {
  /** The outcome of the call that is under way: an answer to give again, or undefined. Undefined, not a promise, when there is no such call. */
  join(key: string): Promise<T | undefined> | undefined
  /** Makes this call the one that others wait for, until the function answered is called with its outcome; only its first call counts. */
  lead(key: string): (kept: T | undefined) => void
}

/** How long a call waits for another one. */
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
