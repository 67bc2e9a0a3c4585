import { setTimeout as sleep } from 'node:timers/promises'
import { ModelError } from '../model-error.ts'

export type RetryBounds = {
  attemptsMax: number
  /** A provider that asks for a longer wait is not waited for. */
  waitMsMax: number
}

const firstWaitMs = 500

/**
 * Tries a call again while its failure is one that may pass, after the time the provider names, else after one that doubles. Throws the
 * last ModelError, and `cancelled` when the signal aborts between two attempts.
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
      await waitUnless(signal, waitMs)
    }
  }
}

/** Jitter keeps many callers, all told to wait, from coming back at once; never sooner than asked for. */
function waitMsAfter(thrown: unknown, attempts: number): number | undefined {
  if (!(thrown instanceof ModelError) || !thrown.isRetryable) return undefined
  return thrown.retryAfterMs ?? firstWaitMs * 2 ** (attempts - 1) * (1 + Math.random() / 4)
}

async function waitUnless(signal: AbortSignal, waitMs: number): Promise<void> {
  try {
    await sleep(waitMs, undefined, { signal })
  } catch (cause) {
    throw new ModelError('cancelled', 'the call was cancelled while it waited to be tried again', { cause })
  }
}
