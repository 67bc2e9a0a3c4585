import { WeftError } from '@weft/contracts'

/**
 * Waits for `work` at most `limit.ms`, and then throws `dependency_unavailable` naming `limit.what`: a dependency that hangs must not hold up requests. The work
 * itself goes on. The timer does not keep a process alive that is about to end.
 */
export async function settleWithin<T>(work: Promise<T>, limit: { ms: number; what: string }): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new WeftError('dependency_unavailable', `${limit.what} did not answer within ${limit.ms} ms`)),
    limit.ms,
  ).unref()
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
