import { hasCode, WeftError } from '@weft/contracts'

const firstDelayMs = 50
const delayMaxMs = 1_000
/** Long enough for most parts of the mesh to restart, and short enough for a client to wait. */
export const usualBudgetMs = 5_000

/**
 * Repeats `act` as long as it fails because a dependency does not answer, for at most `budgetMs`; any other failure is thrown at once. Each attempt gets a signal
 * that aborts when the time is over.
 */
export async function retryBriefly<T>(act: (signal: AbortSignal) => Promise<T>, budgetMs = usualBudgetMs): Promise<T> {
  const startMs = performance.now()
  const remainingMs = () => budgetMs - (performance.now() - startMs)
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMaxMs, delayMs * 2)) {
    try {
      return await act(AbortSignal.timeout(Math.max(1, Math.ceil(remainingMs()))))
    } catch (thrown) {
      if (!isPassing(thrown) || remainingMs() <= delayMs) throw thrown
    }
    await new Promise((resolve) => setTimeout(resolve, delayMs))
  }
}

/** Whether a failure may be over in a moment, because something restarts or took too long to answer. */
export function isPassing(thrown: unknown): thrown is WeftError {
  return hasCode(thrown, 'dependency_unavailable', 'timeout')
}

/** What a client is told that is to come back soon; `details` adds to when. */
export function askAgainSoon(what: string, cause: unknown, details: object = {}): WeftError {
  return new WeftError('dependency_unavailable', `${what}. Send the request again in a moment.`, {
    cause,
    details: { ...details, retryAfterMs: 2_000 },
  })
}
