import { isSetBack } from '@weft/contracts'
import { z } from 'zod'

const Time = z.number().nonnegative()
const Probe = z.object({ owner: z.string(), untilMs: Time })

/** What all processes know of a model's health. Times are Unix milliseconds. */
export const BreakerState = z.discriminatedUnion('kind', [
  /** `failuresMs` are the times of the latest failures. */
  z.object({ kind: z.literal('closed'), failuresMs: z.array(Time) }),
  z.object({ kind: z.literal('open'), untilMs: Time }),
  /** One call at a time probes the model; without a `probe` the next call is one. */
  z.object({ kind: z.literal('half_open'), successes: z.int().nonnegative(), probe: Probe.optional() }),
])
export type BreakerState = z.infer<typeof BreakerState>

export const closedBreaker: BreakerState = { kind: 'closed', failuresMs: [] }

/** 5 failures in 60 s open a breaker for 30 s; 2 probes that succeed close it. */
export const breakerLimits = {
  failuresMax: 5,
  windowMs: 60_000,
  openMs: 30_000,
  successesToClose: 2,
  /** After this long a probe is taken to have died with its process, and another may begin. */
  probeMs: 60_000,
} as const

export type BreakerVerdict =
  | { kind: 'pass' }
  /** The call may pass once `next` is stored, which names it as the probe. */
  | { kind: 'probe'; next: BreakerState }
  | { kind: 'refuse'; retryAfterMs: number }

/** Whether a call of `owner` may go to the model now. */
export function admitCall(state: BreakerState, { owner, nowMs }: { owner: string; nowMs: number }): BreakerVerdict {
  const { openMs, probeMs } = breakerLimits
  const probe = { owner, untilMs: nowMs + probeMs }
  switch (state.kind) {
    case 'closed':
      return { kind: 'pass' }
    case 'open':
      if (isAhead(state.untilMs, nowMs, openMs)) return { kind: 'refuse', retryAfterMs: state.untilMs - nowMs }
      return { kind: 'probe', next: { kind: 'half_open', successes: 0, probe } }
    case 'half_open':
      if (state.probe !== undefined && isAhead(state.probe.untilMs, nowMs, probeMs))
        return { kind: 'refuse', retryAfterMs: refusedProbeMs }
      return { kind: 'probe', next: { ...state, probe } }
  }
}

/** Whether a time that was at most `spanMs` ahead when it was stored is still to come. */
function isAhead(untilMs: number, nowMs: number, spanMs: number): boolean {
  return nowMs < untilMs && !isSetBack(untilMs - spanMs, nowMs)
}

/** Whether a failure at `failedMs` still counts at `atMs`. */
export function isWithinWindow(failedMs: number, atMs: number): boolean {
  return failedMs > atMs - breakerLimits.windowMs && !isSetBack(failedMs, atMs)
}

/** How long callers are told to wait while a probe is under way. */
const refusedProbeMs = 1_000

/** The state as routing has to see it: a breaker whose time is over counts as half open, because only a call moves it on, and routing leaves out open ones. */
export function kindAt(state: BreakerState, nowMs: number): BreakerState['kind'] {
  return state.kind === 'open' && !isAhead(state.untilMs, nowMs, breakerLimits.openMs) ? 'half_open' : state.kind
}

/** What the end of a call tells of the model's health. `probe` is the owner's name when the call was a probe. */
export type CallOutcome = { isSuccess: boolean; atMs: number; probe: string | undefined }

/** The state after a call ended; the same object when nothing changed. */
export function noteOutcome(state: BreakerState, outcome: CallOutcome): BreakerState {
  switch (state.kind) {
    case 'closed':
      return outcome.isSuccess ? state : countFailure(state, outcome.atMs)
    case 'open':
      // Calls that were under way when the breaker opened tell nothing new.
      return state
    case 'half_open':
      return state.probe === undefined || state.probe.owner !== outcome.probe ? state : endProbe(state, outcome)
  }
}

function countFailure(state: Extract<BreakerState, { kind: 'closed' }>, atMs: number): BreakerState {
  const { failuresMax, openMs } = breakerLimits
  const failuresMs = [...state.failuresMs.filter((failedMs) => isWithinWindow(failedMs, atMs)), atMs]
  return failuresMs.length < failuresMax ? { kind: 'closed', failuresMs } : { kind: 'open', untilMs: atMs + openMs }
}

function endProbe(state: Extract<BreakerState, { kind: 'half_open' }>, { isSuccess, atMs }: CallOutcome): BreakerState {
  if (!isSuccess) return { kind: 'open', untilMs: atMs + breakerLimits.openMs }
  const successes = state.successes + 1
  return successes < breakerLimits.successesToClose ? { kind: 'half_open', successes } : closedBreaker
}

/** Ends a probe that was called off: it tells nothing of the model, and the next call may probe. */
export function dropProbe(state: BreakerState, owner: string): BreakerState {
  return state.kind === 'half_open' && state.probe?.owner === owner ? { kind: 'half_open', successes: state.successes } : state
}
