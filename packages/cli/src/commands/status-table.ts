import type { ProcessSnapshot } from '../supervisor/process-snapshot.ts'

export type ProcessStatus = Omit<ProcessSnapshot, 'startMark'> & { rssMb: number }

export interface MeshStatus {
  url: string
  /** Whether a supervisor runs. */
  up: boolean
  /** Whether every process is ready. */
  ready: boolean
  processes: ProcessStatus[]
}

const headings = ['process', 'state', 'pid', 'memory', 'restarts', 'ports', 'last exit']
const numbers = new Set(['pid', 'memory', 'restarts'])

/** The status as text for people. */
export function renderStatus({ url, up, ready, processes }: MeshStatus): string {
  if (!up && processes.every(({ rssMb }) => rssMb === 0)) return 'the mesh is not up; start it with: npm start'
  if (!up)
    return [
      `the supervisor is gone, but processes of the mesh are left; end them with: npx weft down`,
      ...renderTable(processes),
    ].join('\n')
  const totalMb = processes.reduce((sum, { rssMb }) => sum + rssMb, 0)
  return [`${url}  ${ready ? 'ready' : 'not ready'}  ${Math.round(totalMb)} MB resident`, ...renderTable(processes)].join('\n')
}

function renderTable(processes: ProcessStatus[]): string[] {
  const rows = [headings, ...processes.map(cellsOf)]
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => pad(cell, { column, width: widths[column] ?? 0 }))
      .join('  ')
      .trimEnd(),
  )
}

function pad(cell: string, { column, width }: { column: number; width: number }): string {
  return numbers.has(headings[column] ?? '') ? cell.padStart(width) : cell.padEnd(width)
}

function cellsOf({ name, state, pid, rssMb, restarts, ports, lastExit }: ProcessStatus): string[] {
  const listed = Object.entries(ports).map(([purpose, port]) => `${purpose}=${port}`)
  return [
    name,
    state,
    pid === undefined ? '-' : String(pid),
    `${rssMb.toFixed(0)} MB`,
    String(restarts),
    listed.join(' '),
    lastExit ?? '',
  ]
}
