import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CliError, exitCodes } from '../cli-error.ts'
import { createFolders, dataPaths } from '../supervisor/data-paths.ts'
import { readMeshRecord } from '../supervisor/mesh-file.ts'
import { ensureAdminKey } from '../supervisor/mesh-secrets.ts'
import type { ProcessSnapshot } from '../supervisor/process-snapshot.ts'
import { readLastLines } from './read-last-lines.ts'
import type { UpOptions } from './up-in-foreground.ts'
import { createUpProgress, type UpProgress } from './up-progress.ts'

const pollMs = 100
const lastLinesShown = 12

/** Starts the supervisor as a process of its own, waits until the mesh is ready and answers the exit code. */
export async function upDetached({ settings, infrastructureOnly }: UpOptions, argv: readonly string[]): Promise<number> {
  const paths = dataPaths(settings.dataFolder)
  createFolders(paths)
  const key = ensureAdminKey(paths, settings.apiKey)
  const logFile = join(paths.logs, 'supervisor.log')
  const supervisor = startSupervisor(argv, logFile)
  const hasEnded = await waitUntilReady(supervisor, paths.meshFile)
  if (hasEnded)
    throw new CliError(
      'mesh_not_ready',
      readLastLines(logFile, lastLinesShown)
        .join('\n')
        .replace(/^weft: /, ''),
    )
  supervisor.unref()
  const url = `http://127.0.0.1:${settings.port}`
  createUpProgress(['']).ready({ url, paths, infrastructureOnly, ...(key.isNew ? { newKey: key.key } : {}) })
  return exitCodes.done
}

/** The same command without its flag, in a session of its own: no terminal's end reaches it. */
function startSupervisor([node = process.execPath, ...args]: readonly string[], logFile: string): ChildProcess {
  const log = openSync(logFile, 'w', 0o600)
  const foregroundArgs = args.filter((arg) => arg !== '--detach' && arg !== '-d')
  const supervisor = spawn(node, [...process.execArgv, ...foregroundArgs], { detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  return supervisor
}

/** Shows the progress of the mesh that `supervisor` runs; whether it ended instead of becoming ready. */
async function waitUntilReady(supervisor: ChildProcess, meshFile: string): Promise<boolean> {
  let hasEnded = false
  supervisor.once('exit', () => {
    hasEnded = true
  })
  let progress: UpProgress | undefined
  const states = new Map<string, ProcessSnapshot['state']>()
  while (!hasEnded) {
    const record = readMeshRecord(meshFile)
    if (record !== undefined && record.supervisor.pid === supervisor.pid) {
      progress ??= createUpProgress(record.processes.map(({ name }) => name))
      for (const snapshot of record.processes.filter(({ name, state }) => states.get(name) !== state)) {
        states.set(snapshot.name, snapshot.state)
        progress.changed(snapshot)
      }
      if (record.ready) return false
    }
    await sleep(pollMs)
  }
  return true
}
