import { readFileSync } from 'node:fs'
import { cpus, getPriority, loadavg, totalmem } from 'node:os'

/** What the machine did besides the measurement. */
export interface LoadWatch {
  /** Mean share of all cores in use since the start, by everything that runs; 0 to 1. */
  busyShare(): number
  /** Load averages of the last minute, at the start and now. */
  loads(): { before: number; after: number }
}

/** Starts watching; on systems without /proc the share is 0. */
export function watchLoad(): LoadWatch {
  const start = readCpuTicks()
  const before = loadavg()[0] ?? 0
  return {
    busyShare() {
      const now = readCpuTicks()
      const all = now.all - start.all
      return all === 0 ? 0 : 1 - (now.idle - start.idle) / all
    },
    loads: () => ({ before, after: loadavg()[0] ?? 0 }),
  }
}

export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  const priority = getPriority()
  const nice = priority === 0 ? '' : `, run at nice ${priority} because others worked on the machine`
  return `${cpus().length} cores (${model}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}${nice}`
}

function readCpuTicks(): { all: number; idle: number } {
  try {
    const [first = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1)
    const ticks = first.trim().split(/\s+/).slice(1, 9).map(Number)
    return { all: ticks.reduce((sum, value) => sum + value, 0), idle: (ticks[3] ?? 0) + (ticks[4] ?? 0) }
  } catch {
    return { all: 0, idle: 0 }
  }
}
