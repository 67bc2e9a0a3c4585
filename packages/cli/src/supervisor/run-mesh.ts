import { join } from 'node:path'
import { errorMessage } from '@weft/contracts'
import type { DataPaths } from './data-paths.ts'
import { type MeshRecord, writeMeshRecord } from './mesh-file.ts'
import type { ProcessSnapshot } from './process-snapshot.ts'
import type { ProcessSpec } from './process-spec.ts'
import { openRotatingLog } from './rotating-log.ts'
import type { ProcessIdentity } from './running-process.ts'
import { SupervisedProcess } from './supervised-process.ts'

export interface MeshOptions {
  specs: ProcessSpec[]
  paths: DataPaths
  supervisor: ProcessIdentity
  url: string
  ports: Record<string, number>
  restartDelayMsMax: number
  /** Called at every change of every process. */
  onChange: (snapshot: ProcessSnapshot) => void
}

export interface RunningMesh {
  /** Resolves when every process has been ready once; never rejects. */
  readonly ready: Promise<void>
  snapshots(): ProcessSnapshot[]
  /** A process that has ended at least `count` times without being ready, or said that it never will be. */
  hopeless(count: number): ProcessSnapshot | undefined
  /** Ends all processes in stages; resolves when none runs. */
  stop(): Promise<void>
  /** Kills all processes at once. */
  kill(): void
}

/** Starts every process as soon as those that it waits for are ready, and writes each change into the record of the mesh. */
export function runMesh({ specs, paths, supervisor, url, ports, restartDelayMsMax, onChange }: MeshOptions): RunningMesh {
  const startedAt = new Date().toISOString()
  const processes = new Map<string, SupervisedProcess>()
  const snapshots = (): ProcessSnapshot[] => [...processes.values()].map((one) => one.snapshot())
  const record = (): void => {
    try {
      writeMeshRecord(paths.meshFile, describe({ supervisor, url, startedAt, ports, processes: snapshots() }))
    } catch (cause) {
      // A full disk, or a folder that is gone, must not end the supervisor without its processes. The next change is written again.
      console.error(`${paths.meshFile} was not written: ${errorMessage(cause)}`)
    }
  }
  for (const spec of specs) {
    const log = openRotatingLog(join(paths.logs, `${spec.name}.log`))
    const changed = (snapshot: ProcessSnapshot): void => {
      record()
      onChange(snapshot)
    }
    processes.set(spec.name, new SupervisedProcess(spec, { log, onChange: changed, restartDelayMsMax }))
  }
  record()
  for (const one of processes.values()) void startInTurn(one, processes)
  return {
    ready: Promise.all([...processes.values()].map((one) => one.firstReady)).then(() => undefined),
    snapshots,
    hopeless: (count) => [...processes.values()].find((one) => one.hasRefused || one.failuresBeforeReady >= count)?.snapshot(),
    stop: () => stopInStages([...processes.values()]),
    kill: () => {
      for (const one of processes.values()) one.kill()
    },
  }
}

async function startInTurn(one: SupervisedProcess, processes: ReadonlyMap<string, SupervisedProcess>): Promise<void> {
  await Promise.all(one.spec.startsAfter.map((name) => processes.get(name)?.firstReady))
  one.start()
}

async function stopInStages(processes: SupervisedProcess[]): Promise<void> {
  const stages = [...new Set(processes.map((one) => one.spec.stopStage))].toSorted((a, b) => a - b)
  for (const stage of stages) {
    await Promise.all(processes.filter((one) => one.spec.stopStage === stage).map((one) => one.stop()))
  }
}

function describe(facts: Omit<MeshRecord, 'ready'>): MeshRecord {
  return { ...facts, ready: facts.processes.every(({ state }) => state === 'ready') }
}
