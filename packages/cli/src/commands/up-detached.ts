import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CliError, exitCodes } from '../cli-error.ts'
import { keepRunningUnheard } from '../lost-reader.ts'
import { onStopSignal } from '../on-stop-signal.ts'
import { createCompileCache, createFolders, type DataPaths, dataPaths } from '../supervisor/data-paths.ts'
import { findMissingStore } from '../supervisor/find-missing-store.ts'
import { readMeshRecord } from '../supervisor/mesh-file.ts'
import { refuseRunningMesh } from '../supervisor/mesh-lock.ts'
import { ensureAdminKey } from '../supervisor/mesh-secrets.ts'
import type { ProcessSnapshot } from '../supervisor/process-snapshot.ts'
import { refuseUnusableStores } from '../supervisor/refuse-unusable-stores.ts'
import { openOwnOutput } from '../supervisor/rotating-log.ts'
import { readLastLines } from '../supervisor/read-last-lines.ts'
import type { UpOptions } from './up-in-foreground.ts'
import { createUpProgress, type ProgressOptions, type UpProgress } from './up-progress.ts'

const pollMs = 100
const lastLinesRead = 60

/** Starts the supervisor as a process of its own, waits until the mesh is ready and answers the exit code. */
export async function upDetached({ settings, infrastructureOnly, isJson }: UpOptions, argv: readonly string[]): Promise<number> {
  keepRunningUnheard()
  const paths = dataPaths(settings.dataFolder)
  createFolders(paths)
  createCompileCache(settings.compileCacheFolder)
  refuseRunningMesh(paths.lockFile)
  // The supervisor looks again; what it says and waits for would not be seen here.
  const note = isJson ? console.error : console.log
  const missing = findMissingStore(paths, settings)
  if (missing !== undefined) note(missing)
  await refuseUnusableStores(settings, note)
  const key = ensureAdminKey(paths, settings.apiKey)
  const logFile = join(paths.logs, 'supervisor.log')
  const shown = { startedAtMs: performance.now(), isJson }
  const supervisor = startSupervisor(argv, logFile)
  const isInterrupted = endOnInterruption(supervisor)
  if (!(await becomesReady(supervisor, { paths, shown }))) {
    if (isInterrupted()) return exitCodes.interrupted
    throw new CliError('mesh_not_ready', lastMessage(logFile))
  }
  supervisor.unref()
  const url = `http://127.0.0.1:${settings.port}`
  const ports = readMeshRecord(paths.meshFile)?.ports ?? {}
  const newKey = key.isNew ? { newKey: key.key } : {}
  createUpProgress([''], shown).ready({ url, paths, infrastructureOnly, ports, ...newKey })
  return exitCodes.done
}

const ownFlags = ['--detach', '-d', '--json']

/** Starts the same command without the flags of this one. It gets a session of its own, so that it does not end with the terminal. */
function startSupervisor([node = process.execPath, ...args]: readonly string[], logFile: string): ChildProcess {
  const log = openOwnOutput(logFile)
  const foregroundArgs = [...args.filter((arg) => !ownFlags.includes(arg)), '--own-output', logFile]
  const supervisor = spawn(node, [...process.execArgv, ...foregroundArgs], { detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  return supervisor
}

/** Until the mesh is ready, it ends when this command is ended. */
function endOnInterruption(supervisor: ChildProcess): () => boolean {
  let isInterrupted = false
  const interrupt = (): void => {
    isInterrupted = true
    supervisor.kill('SIGTERM')
  }
  onStopSignal(interrupt)
  return () => isInterrupted
}

/** Shows the progress of the mesh that `supervisor` runs. Resolves to false when it ended instead of becoming ready. */
async function becomesReady(
  supervisor: ChildProcess,
  { paths: { meshFile, logs }, shown }: { paths: DataPaths; shown: ProgressOptions },
): Promise<boolean> {
  let hasEnded = false
  supervisor.once('exit', () => {
    hasEnded = true
  })
  let progress: UpProgress | undefined
  const states = new Map<string, ProcessSnapshot['state']>()
  while (!hasEnded) {
    const record = readMeshRecord(meshFile)
    if (record !== undefined && record.supervisor.pid === supervisor.pid) {
      progress ??= createUpProgress(
        record.processes.map(({ name }) => name),
        shown,
      )
      for (const snapshot of record.processes.filter(({ name, state }) => states.get(name) !== state)) {
        states.set(snapshot.name, snapshot.state)
        progress.changed(snapshot)
      }
      if (record.ready) return true
      progress.look(record.processes, logs)
    }
    await sleep(pollMs)
  }
  return false
}

/** The message, perhaps of several lines, with which the supervisor gave up. */
function lastMessage(logFile: string): string {
  const lines = readLastLines(logFile, lastLinesRead)
  if (lines.at(-1) === 'stopped') return 'the mesh was told to stop before it was ready'
  const start = lines.findLastIndex((line) => line.startsWith('weft: '))
  return start === -1 ? `the supervisor ended unexpectedly, see ${logFile}` : lines.slice(start).join('\n').replace('weft: ', '')
}
