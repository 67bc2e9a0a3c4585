const delayMsMin = 200
/** However often it fails, a process is started again this soon; WEFT_RESTART_DELAY_MS_MAX says otherwise. */
export const restartDelayMsMaxDefault = 10_000
/** A process that ran this long had recovered: its next failure is a first one again. */
export const recoveredAfterMs = 10_000

/** Wait before the next start after this many failures in a row: none after the first, then 0.2 s, doubling up to `delayMsMax`. */
export function restartDelayMs(failuresInARow: number, delayMsMax: number): number {
  return failuresInARow <= 1 ? 0 : Math.min(delayMsMax, delayMsMin * 2 ** (failuresInARow - 2))
}

/** Failures in a row after one more, which came after the process had been up for `upMs`. */
export function countFailure(failuresInARow: number, upMs: number): number {
  return upMs >= recoveredAfterMs ? 1 : failuresInARow + 1
}
