/** The same call, at most `concurrency` of them at a time; the others wait for their turn in order. */
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
      // Whoever waits takes over this place, so that nobody slips in between.
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}
