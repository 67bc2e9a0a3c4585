import { setTimeout as sleep } from 'node:timers/promises'
import { CliError, exitCodes } from '../cli-error.ts'
import type { CliSettings } from '../cli-settings.ts'
import { keepRunningUnheard } from '../lost-reader.ts'
import { onStopSignal } from '../on-stop-signal.ts'
import { createCompileCache, createFolders, type DataPaths, dataPaths } from '../supervisor/data-paths.ts'
import { endOrphans } from '../supervisor/end-orphans.ts'
import { findMissingStore } from '../supervisor/find-missing-store.ts'
import { findLastReason, findLastWords } from '../supervisor/last-reason.ts'
import { readMeshRecord } from '../supervisor/mesh-file.ts'
import { holdsMeshLock, ownIdentity, takeMeshLock } from '../supervisor/mesh-lock.ts'
import type { AppId } from '../supervisor/mesh-plan.ts'
import { ensureAdminKey } from '../supervisor/mesh-secrets.ts'
import { planProcesses } from '../supervisor/plan-processes.ts'
import { refuseUnfitPlace, refuseUnusablePolicies } from '../supervisor/preflight.ts'
import { prepareMesh } from '../supervisor/prepare-mesh.ts'
import { refuseUnusableStores } from '../supervisor/refuse-unusable-stores.ts'
import { boundOwnOutput } from '../supervisor/rotating-log.ts'
import '../supervisor/return-idle-memory.ts'
import { type RunningMesh, runMesh } from '../supervisor/run-mesh.ts'
import { isSupervisorLine } from '../supervisor/supervised-process.ts'
import { readLastLines } from '../supervisor/read-last-lines.ts'
import { endAgents } from './agent/agent-record.ts'
import { createUpProgress, type UpProgress } from './up-progress.ts'

export interface UpOptions {
  settings: CliSettings
  replicas: Partial<Record<AppId, number>>
  infrastructureOnly: boolean
  /** Whether standard output gets one JSON object; messages on the way then go to standard error. */
  isJson: boolean
  /** The file that this process's output goes to when there is no terminal. It is kept bounded. */
  ownOutput?: string | undefined
}

const hopelessAfterFailures = 5
const readyTimeoutMs = 240_000
const pollMs = 250
const lockPollMs = 2_000
const linesRead = 200
const lastLinesShown = 12

/** Runs the mesh until it is told to stop; answers the exit code. */
export async function upInForeground({ settings, replicas, infrastructureOnly, isJson, ownOutput }: UpOptions): Promise<number> {
  keepRunningUnheard()
  const paths = dataPaths(settings.dataFolder)
  const url = `http://127.0.0.1:${settings.port}`
  createFolders(paths)
  createCompileCache(settings.compileCacheFolder)
  const release = takeMeshLock(paths.lockFile, url)
  try {
    const orphanCount = await endOrphans(readMeshRecord(paths.meshFile))
    if (orphanCount > 0)
      (isJson ? console.error : console.log)(`ended ${orphanCount} processes that an earlier start had left behind`)
    await refuseUnfitPlace(settings)
    refuseUnusablePolicies(settings.environment)
    const note = isJson ? console.error : (line: string) => writeLine(line, ownOutput)
    const missing = findMissingStore(paths, settings)
    if (missing !== undefined) note(missing)
    await refuseUnusableStores(settings, note)
    const key = ensureAdminKey(paths, settings.apiKey)
    const plan = await prepareMesh({ settings, paths, replicas, infrastructureOnly })
    const specs = planProcesses(plan, { infrastructureOnly })
    const progress = createUpProgress(
      specs.map(({ name }) => name),
      { isJson, write: (line) => writeLine(line, ownOutput) },
    )
    const mesh = runMesh({
      specs,
      paths,
      supervisor: ownIdentity(),
      url,
      ports: plan.ports,
      restartDelayMsMax: settings.restartDelayMsMax,
      onChange: progress.changed,
    })
    const { stopping, unwatch } = stopWhenTold(mesh, { progress, paths })
    const isReady = await waitUntilReady(mesh, { paths, progress, stopping }).catch((thrown: unknown) => {
      unwatch()
      throw thrown
    })
    if (isReady) progress.ready({ url, paths, infrastructureOnly, ports: plan.ports, ...(key.isNew ? { newKey: key.key } : {}) })
    await stopping
    return exitCodes.done
  } finally {
    release()
  }
}

function writeLine(line: string, ownOutput: string | undefined): void {
  console.log(line)
  if (ownOutput !== undefined) boundOwnOutput(ownOutput)
}

/** Waits until the mesh is ready. Resolves to false when it was told to stop before. Throws, after ending everything, when the mesh cannot become ready. */
async function waitUntilReady(
  mesh: RunningMesh,
  { paths, progress, stopping }: { paths: DataPaths; progress: UpProgress; stopping: Promise<void> },
): Promise<boolean> {
  const deadlineMs = Date.now() + readyTimeoutMs
  let end: 'ready' | 'stopped' | undefined
  const ended = Promise.race([
    mesh.ready.then(() => {
      end = 'ready'
    }),
    stopping.then(() => {
      end = 'stopped'
    }),
  ])
  while (end === undefined) {
    progress.look(mesh.snapshots(), paths.logs)
    const hopeless = mesh.hopeless(hopelessAfterFailures)
    if (hopeless !== undefined || Date.now() > deadlineMs) {
      const late = hopeless ?? mesh.snapshots().find(({ state }) => state !== 'ready')
      await mesh.stop()
      throw notReady(late?.name ?? 'a process', late?.lastExit, paths)
    }
    await Promise.race([ended, sleep(pollMs)])
  }
  return end === 'ready'
}

function notReady(name: string, lastExit: string | undefined, { logs }: DataPaths): CliError {
  const words = findLastWords(name, logs)
  if (words !== undefined) return new CliError('mesh_not_ready', `${name} could not start: ${words}`)
  const reason = lastExit === undefined ? findLastReason({ name }, logs) : undefined
  if (reason !== undefined)
    return new CliError('mesh_not_ready', `${name} was not ready within ${readyTimeoutMs / 1000} s: ${reason}`)
  const written = readLastLines(`${logs}/${name}.log`, linesRead).filter((line) => !isSupervisorLine(line))
  const lines = written.slice(-lastLinesShown).map((line) => `\n    ${line}`)
  const what = lastExit === undefined ? `was not ready within ${readyTimeoutMs / 1000} s` : `could not start, it ${lastExit}`
  return new CliError('mesh_not_ready', `${name} ${what}; its log ${logs}/${name}.log ends with:${lines.join('')}`)
}

/**
 * The first signal ends everything in order, a second one at once. Everything is also ended at once when the data folder is gone, because nobody could then find this
 * mesh to end it; and not in order, because the database would still write into whatever was put in its place, such as a backup. `stopping` resolves when nothing
 * runs any more.
 */
function stopWhenTold(
  mesh: RunningMesh,
  { progress, paths }: { progress: UpProgress; paths: DataPaths },
): { stopping: Promise<void>; unwatch(): void } {
  const stopped = Promise.withResolvers<void>()
  const killed = Promise.withResolvers<void>()
  let isStopping = false
  const kill = (): void => {
    progress.killing()
    mesh.kill()
    killed.resolve()
  }
  const stop = (): void => {
    if (isStopping) return kill()
    isStopping = true
    clearInterval(watch)
    progress.stopping()
    // Agents first, while the mesh still hears that they leave it.
    Promise.race([endAgents(paths.run), killed.promise])
      .then(() => mesh.stop())
      .then(stopped.resolve, stopped.reject)
  }
  const watch = setInterval(() => {
    if (holdsMeshLock(paths.lockFile)) return
    console.error(`weft: the data folder ${paths.data} was removed or replaced while the mesh ran: it ends`)
    stop()
    kill()
  }, lockPollMs)
  onStopSignal(stop)
  return { stopping: stopped.promise.then(() => progress.stopped()), unwatch: () => clearInterval(watch) }
}
