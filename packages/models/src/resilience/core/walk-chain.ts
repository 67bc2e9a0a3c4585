/** How one attempt failed, as far as it matters to what is tried next. */
export interface AttemptFailure {
  /** Another model may do what this one did not: the request itself is not what is wrong. */
  isWorthAnother: boolean
  /** The same model may do it a moment later. */
  isPassing: boolean
  /** What the provider asked to wait. */
  retryAfterMs: number | undefined
}

export interface WalkLimits {
  /** Models, the wished one first. */
  candidates: number
  /** Of all models together. */
  attemptsMax: number
  /** Whether models are tried again, after a wait, when all have failed. */
  repeats: boolean
}

export type WalkStep = { kind: 'try'; candidate: number; waitMs: number } | { kind: 'give_up' }

/** A wait doubles with each round; one that a provider asks for is honoured up to the second bound, and not waited for beyond. */
export const walkWaits = { firstMs: 250, longestMs: 4_000, asksMsMax: 8_000 } as const

/**
 * What follows after these failures, in the order in which they happened: the next model at once, else one that may have recovered after a
 * wait. `jitter` is a number from 0 to 1 and only ever lengthens a wait that was asked for.
 */
export function nextStep(failures: readonly AttemptFailure[], limits: WalkLimits, jitter: number): WalkStep {
  const last = failures.at(-1)
  if (last === undefined) return { kind: 'try', candidate: 0, waitMs: 0 }
  if (!last.isWorthAnother || failures.length >= limits.attemptsMax) return { kind: 'give_up' }
  if (failures.length < limits.candidates) return { kind: 'try', candidate: failures.length, waitMs: 0 }
  return limits.repeats ? repeatInTurn(failures, limits, jitter) : { kind: 'give_up' }
}

/** Models are repeated in turn, so attempt number i was at candidate i modulo their number. */
function repeatInTurn(failures: readonly AttemptFailure[], { candidates }: WalkLimits, jitter: number): WalkStep {
  const round = Math.floor(failures.length / candidates)
  const candidate = failures.length % candidates
  const failure = failures[failures.length - candidates]
  if (failure === undefined || !failure.isPassing) return { kind: 'give_up' }
  const waitMs = waitBefore(failure, round, jitter)
  return waitMs === undefined ? { kind: 'give_up' } : { kind: 'try', candidate, waitMs }
}

function waitBefore({ retryAfterMs }: AttemptFailure, round: number, jitter: number): number | undefined {
  if (retryAfterMs === undefined) return Math.min(walkWaits.longestMs, walkWaits.firstMs * 2 ** (round - 1)) * (0.5 + jitter / 2)
  return retryAfterMs > walkWaits.asksMsMax ? undefined : retryAfterMs * (1 + jitter / 10)
}
