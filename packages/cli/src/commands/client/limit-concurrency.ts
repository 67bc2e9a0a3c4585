/** Wraps a call so that at most `concurrency` of them run at once; the others wait their turn in order. */
export function limitConcurrency<A extends unknown[], R>(
  concurrency: number,
  call: (...given: A) => Promise<R>,
): (...given: A) => Promise<R> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (...given) => {
    if (running >= concurrency) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await call(...given)
    } finally {
      // The place is passed on to the next that waits, so that no new call can take it in between.
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}
