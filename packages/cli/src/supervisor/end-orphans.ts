import { setTimeout as sleep } from 'node:timers/promises'
import type { MeshRecord } from './mesh-file.ts'
import { isRunning, type ProcessIdentity, signalGroup } from './running-process.ts'

const pollMs = 100
const graceMs = 10_000

/** The processes that are left of a mesh whose supervisor is gone. They are known by when they began, because ids of processes are used again. */
export function findOrphans(record: Pick<MeshRecord, 'processes'> | undefined): ({ name: string } & ProcessIdentity)[] {
  return (record?.processes ?? []).flatMap(({ name, pid, startMark }) =>
    pid !== undefined && startMark !== undefined && isRunning({ pid, startMark }) ? [{ name, pid, startMark }] : [],
  )
}

/** Ends what is left of a mesh, first in order, then by force. Answers how many processes there were. */
export async function endOrphans(record: Pick<MeshRecord, 'processes'> | undefined): Promise<number> {
  const orphans = findOrphans(record)
  for (const { pid } of orphans) signalGroup(pid, 'SIGTERM')
  if (!(await areGone(orphans, graceMs))) {
    for (const orphan of orphans) if (isRunning(orphan)) signalGroup(orphan.pid, 'SIGKILL')
    await areGone(orphans, graceMs)
  }
  return orphans.length
}

/** Waits until none of these processes runs, for at most `timeoutMs`. Resolves to whether none does. */
export async function areGone(processes: ProcessIdentity[], timeoutMs: number): Promise<boolean> {
  const deadlineMs = Date.now() + timeoutMs
  while (processes.some(isRunning)) {
    if (Date.now() >= deadlineMs) return false
    await sleep(pollMs)
  }
  return true
}
