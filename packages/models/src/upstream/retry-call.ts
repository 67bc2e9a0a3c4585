import { ModelError } from '../model-error.ts'
import { waitToRetry } from '../resilience/wait-to-retry.ts'

export type RetryBounds = {
  attemptsMax: number
  /** The longest wait. When a provider asks for a longer one, the call is not tried again. */
  waitMsMax: number
}

const firstWaitMs = 500

/**
 * Tries a call again while its failure is retryable, after the wait that the provider asks for, or else one that doubles. Throws the last ModelError, and
 * `cancelled` when the signal aborts between two attempts.
 */
export async function retryCall<T>(
  attempt: () => Promise<T>,
  { attemptsMax, waitMsMax, signal }: RetryBounds & { signal: AbortSignal },
): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt()
    } catch (thrown) {
      const waitMs = waitMsAfter(thrown, attempts)
      if (waitMs === undefined || waitMs > waitMsMax || attempts >= attemptsMax) throw thrown
      await waitToRetry(waitMs, signal)
    }
  }
}

/** The wait after a failure; undefined when it is not retryable. Jitter keeps many callers from coming back at once. */
function waitMsAfter(thrown: unknown, attempts: number): number | undefined {
  if (!(thrown instanceof ModelError) || !thrown.isRetryable) return undefined
  return thrown.retryAfterMs ?? firstWaitMs * 2 ** (attempts - 1) * (1 + Math.random() / 4)
}
