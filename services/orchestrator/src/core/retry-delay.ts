export const retryDelayMsMax = 5_000

/** How long to wait before the next attempt: 0.25 s doubled each time, at most 5 s. Six attempts span about 8 s, ten about 28 s. */
export function retryDelayMs(failedAttempts: number): number {
  return Math.min(retryDelayMsMax, 250 * 2 ** Math.max(0, failedAttempts - 1))
}

/** Attempts of a step whose plan does not say. */
export const attemptsMaxDefault = 6

/**
 * The same where the last attempt did not reach its agent: an agent that ends again and again, perhaps by what others ask of it, is started again after
 * 10 s at most.
 */
export const attemptsMaxUnreached = 10

/** Attempts to get a plan before the turn fails; the waits between them span about 23 s. */
export const planAttemptsMax = 9
