import { readFileSync } from 'node:fs'

/** Answers the share of all cores (0 to 1) that processes other than these used since it was last asked; 0 where there is no /proc. */
export function watchForeignLoad(pids: number[]): () => number {
  let last = read()
  return () => {
    const now = read()
    const all = now.all - last.all
    const foreign = now.busy - last.busy - (now.own - last.own)
    last = now
    return all <= 0 ? 0 : Math.max(0, foreign / all)
  }

  function read(): { all: number; busy: number; own: number } {
    try {
      const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1)
      const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number)
      const [user = 0, nice = 0, system = 0] = ticks
      // Interrupts belong to nobody.
      return {
        all: ticks.reduce((sum, value) => sum + value, 0),
        busy: user + nice + system,
        own: pids.reduce((sum, pid) => sum + cpuTicks(pid), 0),
      }
    } catch {
      return { all: 0, busy: 0, own: 0 }
    }
  }
}

/** User and system time of a process and its threads, in clock ticks of 10 ms. */
export function cpuTicks(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}
