import { isSetBack } from '@weft/contracts'
import { z } from 'zod'

const Time = z.number().nonnegative()
const Probe = z.object({ owner: z.string(), untilMs: Time })

/** What all processes know of one model's health. Times are milliseconds since 1970. */
export const BreakerState = z.discriminatedUnion('kind', [
  /** Times of the latest failures. */
  z.object({ kind: z.literal('closed'), failuresMs: z.array(Time) }),
  z.object({ kind: z.literal('open'), untilMs: Time }),
  /** One caller at a time tries; without a probe the next caller is it. */
  z.object({ kind: z.literal('half_open'), successes: z.int().nonnegative(), probe: Probe.optional() }),
])
export type BreakerState = z.infer<typeof BreakerState>

export const closedBreaker: BreakerState = { kind: 'closed', failuresMs: [] }

/** 5 failures in 60 s open it for 30 s, 2 successes of probes close it. */
export const breakerLimits = {
  failuresMax: 5,
  windowMs: 60_000,
  openMs: 30_000,
  successesToClose: 2,
  /** A probe that is not heard of for so long has died with its process, and another may try. */
  probeMs: 60_000,
} as const

export type BreakerVerdict =
  | { kind: 'pass' }
  /** Passes only once `next` is stored: it names this caller as the one that tries. */
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

/** Whether a failure counts for one at `atMs`. */
export function isWithinWindow(failedMs: number, atMs: number): boolean {
  return failedMs > atMs - breakerLimits.windowMs && !isSetBack(failedMs, atMs)
}

/** What those wait who come while another tries. */
const refusedProbeMs = 1_000

/** Only a call moves a breaker on, so one that was open until now lets the next call try: who leaves out open ones would never make it. */
export function kindAt(state: BreakerState, nowMs: number): BreakerState['kind'] {
  return state.kind === 'open' && !isAhead(state.untilMs, nowMs, breakerLimits.openMs) ? 'half_open' : state.kind
}

/** How a call ended, as far as the model's health is concerned; `probe` is the owner's name if it was the one that tried. */
export type CallOutcome = { isSuccess: boolean; atMs: number; probe: string | undefined }

/** The state after a call ended; the same object when nothing changed. */
export function noteOutcome(state: BreakerState, outcome: CallOutcome): BreakerState {
  switch (state.kind) {
    case 'closed':
      return outcome.isSuccess ? state : countFailure(state, outcome.atMs)
    case 'open':
      // Calls that were under way when it opened tell nothing new.
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

/** A probe that was called off tells nothing of the model; the next caller may try. */
export function dropProbe(state: BreakerState, owner: string): BreakerState {
  return state.kind === 'half_open' && state.probe?.owner === owner ? { kind: 'half_open', successes: state.successes } : state
}
