import type { Command } from 'commander'
import { exitCodes } from '../cli-error.ts'
import { readCliSettings } from '../cli-settings.ts'
import { dataPaths } from '../supervisor/data-paths.ts'
import { type MeshRecord, readMeshRecord } from '../supervisor/mesh-file.ts'
import { isRunning, readResidentBytes } from '../supervisor/running-process.ts'
import { type MeshStatus, type ProcessStatus, renderStatus } from './status-table.ts'

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('show every process of the mesh: state, ports, memory, restarts')
    .option('--json', 'answer as JSON')
    .action(({ json = false }: { json?: boolean }) => {
      const { dataFolder, port } = readCliSettings()
      const record = readMeshRecord(dataPaths(dataFolder).meshFile)
      const status = readStatus(record, `http://127.0.0.1:${port}`)
      console.log(json ? JSON.stringify(status, null, 2) : renderStatus(status))
      process.exitCode = status.up ? exitCodes.done : exitCodes.meshNotUp
    })
}

/** The present status of the mesh. Processes whose supervisor is gone are shown too, but such a mesh is not up. */
export function readStatus(record: MeshRecord | undefined, defaultUrl: string): MeshStatus {
  if (record === undefined) return { url: defaultUrl, up: false, ready: false, processes: [] }
  const up = isRunning(record.supervisor)
  const processes = record.processes.map((snapshot): ProcessStatus => {
    const { startMark, ...shown } = snapshot
    const runs = shown.pid !== undefined && startMark !== undefined && isRunning({ pid: shown.pid, startMark })
    return {
      ...shown,
      state: runs || up ? shown.state : 'stopped',
      rssMb: runs && shown.pid !== undefined ? megabytes(shown.pid) : 0,
    }
  })
  const supervisor: ProcessStatus = {
    name: 'supervisor',
    ports: {},
    state: up ? 'ready' : 'stopped',
    restarts: 0,
    rssMb: up ? megabytes(record.supervisor.pid) : 0,
    ...(up ? { pid: record.supervisor.pid, startedAt: record.startedAt } : {}),
  }
  return { url: record.url, up, ready: up && record.ready, processes: [supervisor, ...processes] }
}

function megabytes(pid: number): number {
  return Math.round((readResidentBytes(pid) ?? 0) / 104_857.6) / 10
}
