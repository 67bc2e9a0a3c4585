/** Between two looks at a process at most, while this process runs: a pause of 5 s, and the 2 and 5 s that answers may take. */
const lookMsMax = 12_000

/**
 * For how long a process has answered nothing, in milliseconds, after one more look at it. A machine that was suspended, or too busy to let this process
 * look, tells nothing of the others: a look counts as long as it can take, so that several in a row have to find silence.
 */
export function countSilence(silentMs: number, look: { isSilent: boolean; passedMs: number }): number {
  return look.isSilent ? silentMs + Math.min(Math.max(0, look.passedMs), lookMsMax) : 0
}
