import { setTimeout as sleep } from 'node:timers/promises'
import { findOrphans } from '../../supervisor/end-orphans.ts'
import { type MeshRecord, readMeshRecord } from '../../supervisor/mesh-file.ts'
import { isRunning } from '../../supervisor/running-process.ts'

/** `gone`: nothing of it runs. `moved`: it runs, but where the agent's sidecar does not look for it. */
export type MeshState = { state: 'there'; startedAt: string } | { state: 'gone' | 'moved' }

export interface MeshWatch {
  look: () => MeshState
  /** When the mesh was started that the agent joined. */
  startedAt: string
  /** Called when nothing of the mesh runs any more. */
  onGone: () => void
  /** Called when it was started again. */
  onBack: () => void
  signal: AbortSignal
  patienceMs: number
  pollMs: number
}

/** The state now of the mesh that `joined` was written about. */
export function lookForMesh(meshFile: string, joined: MeshRecord): MeshState {
  const record = readMeshRecord(meshFile)
  if (record === undefined || !(isRunning(record.supervisor) || findOrphans(record).length > 0)) return { state: 'gone' }
  const isMoved = Object.entries(record.ports).some(([name, port]) => (joined.ports[name] ?? port) !== port)
  return isMoved ? { state: 'moved' } : { state: 'there', startedAt: record.startedAt }
}

/** Waits until the mesh has been gone for `patienceMs`, or is elsewhere, and answers which; or until the signal aborts. */
export async function outlastMesh(watch: MeshWatch): Promise<MeshState['state']> {
  const { look, onGone, onBack, signal, patienceMs, pollMs } = watch
  let { startedAt } = watch
  let goneAtMs: number | undefined
  while (!signal.aborted) {
    const seen = look()
    if (seen.state === 'moved') return seen.state
    if (seen.state === 'there' && seen.startedAt !== startedAt) onBack()
    if (seen.state === 'there') startedAt = seen.startedAt
    if (seen.state === 'gone' && goneAtMs === undefined) onGone()
    goneAtMs = seen.state === 'gone' ? (goneAtMs ?? performance.now()) : undefined
    if (goneAtMs !== undefined && performance.now() - goneAtMs >= patienceMs) return seen.state
    await sleep(pollMs, undefined, { signal }).catch(() => undefined)
  }
  return 'there'
}
