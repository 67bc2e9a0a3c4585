import { findLastReason } from '../supervisor/last-reason.ts'
import type { ProcessSnapshot } from '../supervisor/process-snapshot.ts'

/** For each process that is not ready yet: what it waits for, as far as its log in the folder `logs` says. */
export function describeWaits(snapshots: readonly ProcessSnapshot[], logs: string): string[] {
  const waiting = snapshots.filter(({ state }) => state !== 'ready')
  const width = Math.max(...waiting.map(({ name }) => name.length))
  return waiting.map((snapshot) => {
    const reason = findLastReason(snapshot, logs) ?? `see npx weft logs ${snapshot.name}`
    return `  ${snapshot.name.padEnd(width)}  is not ready yet: ${reason}`
  })
}
