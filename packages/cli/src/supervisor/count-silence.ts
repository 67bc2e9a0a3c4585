import { healthAnswerMsMax } from './ask-health.ts'

/** The pause between two looks at a process that serves. Fifteen probes of about a millisecond each this often cost no measurable processor time. */
export const watchPollMs = 5_000

/** The longest time from one look at a process to the next, as long as this process runs without interruption. */
export const lookMsMax = watchPollMs + healthAnswerMsMax

/**
 * For how long a process has answered nothing, in milliseconds, after one more look at it. Time in which the machine was suspended, or too busy to let this
 * process look, says nothing about the process that is watched: so one look counts for at most `lookMsMax`, and it takes several in a row to find a process
 * silent.
 */
export function countSilence(silentMs: number, look: { isSilent: boolean; passedMs: number }): number {
  return look.isSilent ? silentMs + Math.min(Math.max(0, look.passedMs), lookMsMax) : 0
}
