import { AsyncLocalStorage } from 'node:async_hooks'
import { WeftError } from '@weft/contracts'

const signals = new AsyncLocalStorage<AbortSignal>()

/**
 * Does work whose result may cease to be wanted. Once `signal` has aborted, no statement of it is begun, and one that waits or runs is given up: it throws
 * `timeout`. For work that only reads, because of a write it is not known then whether it happened.
 */
export function whileWanted<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  return signal === undefined ? work() : signals.run(signal, work)
}

/** Does work that goes to its end inside of such work: what it begins, such as a write that waits for its batch, may be others' affair as well. */
export function inAnyCase<T>(work: () => Promise<T>): Promise<T> {
  return signals.exit(work)
}

/** The signal of the work that goes on. */
export function wantedUntil(): AbortSignal | undefined {
  return signals.getStore()
}

export function notWanted(signal: AbortSignal): WeftError {
  const message = 'the database was asked no further, because nobody waits for the answer'
  return new WeftError('timeout', message, { isRetryable: false, cause: signal.reason })
}
