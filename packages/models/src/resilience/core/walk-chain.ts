/** What a failed attempt tells about what to try next. */
export interface AttemptFailure {
  /** Whether another model may succeed: the request itself is not at fault. */
  isWorthAnother: boolean
  /** Whether the same model may succeed a moment later. */
  isPassing: boolean
  /** How long the provider asked to wait. */
  retryAfterMs: number | undefined
}

export interface WalkLimits {
  /** How many models there are. */
  candidates: number
  /** How many attempts all models get together. */
  attemptsMax: number
  /** Whether models are tried again, after a wait, when all have failed. */
  repeats: boolean
}

export type WalkStep = { kind: 'try'; candidate: number; waitMs: number } | { kind: 'give_up' }

/** A wait doubles with each round, up to `longestMs`. One that a provider asks for is kept up to `asksMsMax`; beyond that, nothing is tried again. */
export const walkWaits = { firstMs: 250, longestMs: 4_000, asksMsMax: 8_000 } as const

/**
 * What to try after these failures, which are in the order in which they happened: the next model at once, or, once all have failed, a model that may have
 * recovered, after a wait. `jitter` is a number from 0 to 1; it never shortens a wait that a provider asked for.
 */
export function nextStep(failures: readonly AttemptFailure[], limits: WalkLimits, jitter: number): WalkStep {
  const last = failures.at(-1)
  if (last === undefined) return { kind: 'try', candidate: 0, waitMs: 0 }
  if (!last.isWorthAnother || failures.length >= limits.attemptsMax) return { kind: 'give_up' }
  if (failures.length < limits.candidates) return { kind: 'try', candidate: failures.length, waitMs: 0 }
  return limits.repeats ? repeatInTurn(failures, limits, jitter) : { kind: 'give_up' }
}

/** Models are repeated in turn, so attempt i was made at candidate i modulo their number. */
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
