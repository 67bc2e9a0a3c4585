/** Settles as `work` does. When that takes longer than `limitMs`, it answers or throws what `late` does, and the work goes on. */
export async function within<T>(limitMs: number, work: Promise<T>, late: () => T): Promise<T> {
  const timeout = Promise.withResolvers<void>()
  // The event loop runs timers before it reads answers that have come. Waiting for the end of its turn, a process that was busy does not take others for slow.
  const timer = setTimeout(() => setImmediate(timeout.resolve), limitMs)
  try {
    return await Promise.race([work, timeout.promise.then(late)])
  } finally {
    clearTimeout(timer)
  }
}
