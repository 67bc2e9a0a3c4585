/** What `work` gives, or, when it takes longer than `limitMs`, what `late` gives or throws; the work goes on then. Throws what `work` throws until then. */
export async function within<T>(limitMs: number, work: Promise<T>, late: () => T): Promise<T> {
  const timeout = Promise.withResolvers<void>()
  const timer = setTimeout(timeout.resolve, limitMs)
  try {
    return await Promise.race([work, timeout.promise.then(late)])
  } finally {
    clearTimeout(timer)
  }
}
