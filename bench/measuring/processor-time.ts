import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'

/** Seconds of processor time by process, with all that it started. */
export type ProcessorTime = ReadonlyMap<string, number>

/** Linux counts processor time in hundredths of a second (USER_HZ). */
const ticksPerSecond = 100

/** What has been used until now, by a name that says which process it is; empty on systems without /proc. `roots` are process ids to begin with. */
export function readProcessorTime(roots: number[]): ProcessorTime {
  const processes = listProcesses()
  const wanted = new Set(roots)
  for (let before = -1; before !== wanted.size; ) {
    before = wanted.size
    for (const { pid, parent } of processes) if (wanted.has(parent)) wanted.add(pid)
  }
  const seconds = new Map<string, number>()
  for (const { pid, ticks } of processes) {
    if (!wanted.has(pid)) continue
    const name = nameOf(pid)
    seconds.set(name, (seconds.get(name) ?? 0) + ticks / ticksPerSecond)
  }
  return seconds
}

/** Adds to `sums` the milliseconds that each process has used between two readings. */
export function addProcessorMs(sums: Map<string, number>, before: ProcessorTime, after: ProcessorTime): void {
  for (const [name, seconds] of after) {
    sums.set(name, (sums.get(name) ?? 0) + (seconds - (before.get(name) ?? 0)) * 1_000)
  }
}

function listProcesses(): { pid: number; parent: number; ticks: number }[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap(readProcess)
  } catch {
    return []
  }
}

/** The name in parentheses may hold anything; what follows the last of them are the fields from `state` on. */
function readProcess(pid: string): { pid: number; parent: number; ticks: number }[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return [{ pid: Number(pid), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }]
  } catch {
    return []
  }
}

/** A sidecar by its app, a service by its folder, any other program by its file. */
function nameOf(pid: number): string {
  try {
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    const appId = args[args.indexOf('--app-id') + 1]
    const script = args.find((arg) => /\.m?[jt]s$/.test(arg) && !arg.includes('return-idle-memory'))
    // Redis puts its address behind its name.
    const program = basename(args[0] ?? '').split(' ', 1)[0] ?? ''
    if (program === 'daprd') return `${appId}'s sidecar`
    return script === undefined ? program : scriptName(script)
  } catch {
    return 'ended'
  }
}

function scriptName(script: string): string {
  const folders = dirname(script).split('/')
  return basename(script) === 'main.ts' ? (folders.findLast((folder) => folder !== 'src') ?? '') : basename(script)
}
