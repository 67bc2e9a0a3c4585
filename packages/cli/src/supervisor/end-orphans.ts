import { setTimeout as sleep } from 'node:timers/promises'
import type { MeshRecord } from './mesh-file.ts'
import { isRunning, type ProcessIdentity, signalGroup } from './running-process.ts'

const pollMs = 100
const graceMs = 10_000

/** Processes of a mesh whose supervisor is gone, told from others by when they began. */
export function findOrphans(record: Pick<MeshRecord, 'processes'> | undefined): ({ name: string } & ProcessIdentity)[] {
  return (record?.processes ?? []).flatMap(({ name, pid, startMark }) =>
    pid !== undefined && startMark !== undefined && isRunning({ pid, startMark }) ? [{ name, pid, startMark }] : [],
  )
}

/** Ends processes in order, then by force, and answers how many there were. */
export async function endOrphans(record: Pick<MeshRecord, 'processes'> | undefined): Promise<number> {
  const orphans = findOrphans(record)
  for (const { pid } of orphans) signalGroup(pid, 'SIGTERM')
  if (!(await areGone(orphans, graceMs))) {
    for (const orphan of orphans) if (isRunning(orphan)) signalGroup(orphan.pid, 'SIGKILL')
    await areGone(orphans, graceMs)
  }
  return orphans.length
}

/** Waits until none of these runs, at most `timeoutMs`; whether that is so. */
export async function areGone(processes: ProcessIdentity[], timeoutMs: number): Promise<boolean> {
  const deadlineMs = Date.now() + timeoutMs
  while (processes.some(isRunning)) {
    if (Date.now() >= deadlineMs) return false
    await sleep(pollMs)
  }
  return true
}
