import { setTimeout as sleep } from 'node:timers/promises'
import { ModelError } from '../model-error.ts'

/** Waits before a call is tried again. Throws ModelError `cancelled` when the signal aborts. */
export async function waitToRetry(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(waitMs, undefined, signal === undefined ? {} : { signal })
  } catch (cause) {
    throw new ModelError('cancelled', 'the call was cancelled while it waited to be tried again', { cause })
  }
}
