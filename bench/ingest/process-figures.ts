import { readFileSync, writeFileSync } from 'node:fs'

/** What the system says of one process. `peakMb` is the most memory it had resident since it started, or since {@link forgetPeak}. */
export interface ProcessFigures {
  cpuSeconds: number
  residentMb: number
  peakMb: number
}

/** Linux counts processor time in ticks of 1/100 s (USER_HZ, fixed for all that user programs see). */
const ticksPerSecond = 100

/** Undefined when the process is gone, or on a system without /proc. */
export function readProcess(pid: number): ProcessFigures | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    // The second field, the program's name, may hold spaces; what follows its last parenthesis does not.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [userTicks = 0, systemTicks = 0] = fields.slice(11, 13).map(Number)
    return {
      cpuSeconds: (userTicks + systemTicks) / ticksPerSecond,
      residentMb: kilobytes(status, 'VmRSS') / 1_024,
      peakMb: kilobytes(status, 'VmHWM') / 1_024,
    }
  } catch {
    return undefined
  }
}

/** Starting takes some processes more memory than all they do later. */
export function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    // Where the system does not let it be forgotten, the peak since the start is what is told.
  }
}

function kilobytes(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
}
