/** What `work` gives, or, when it takes longer than `limitMs`, what `late` gives or throws; the work goes on then. Throws what `work` throws until then. */
export async function within<T>(limitMs: number, work: Promise<T>, late: () => T): Promise<T> {
  const timeout = Promise.withResolvers<void>()
  // An answer that has come is read after the timers of a turn: a process that was busy takes nobody else for slow.
  const timer = setTimeout(() => setImmediate(timeout.resolve), limitMs)
  try {
    return await Promise.race([work, timeout.promise.then(late)])
  } finally {
    clearTimeout(timer)
  }
}
