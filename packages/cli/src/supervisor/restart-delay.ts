const delayMsMin = 200
/** The longest delay before a process is started again, however often it failed; WEFT_RESTART_DELAY_MS_MAX changes it. */
export const restartDelayMsMaxDefault = 10_000
/** A process that ran this long had recovered, so that its next failure counts as the first one. */
export const recoveredAfterMs = 10_000

/** The delay before the next start, after this many failures in a row: none after the first, then 0.2 s, doubling up to `delayMsMax`. */
export function restartDelayMs(failuresInARow: number, delayMsMax: number): number {
  return failuresInARow <= 1 ? 0 : Math.min(delayMsMax, delayMsMin * 2 ** (failuresInARow - 2))
}

/** The number of failures in a row after another failure of a process that had been up for `upMs`. */
export function countFailure(failuresInARow: number, upMs: number): number {
  return upMs >= recoveredAfterMs ? 1 : failuresInARow + 1
}
