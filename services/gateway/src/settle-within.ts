import { WeftError } from '@weft/contracts'

/** What `work` gives, or `dependency_unavailable` when it takes longer: a dependency that hangs must not hold requests with it, nor a process that ends. */
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
