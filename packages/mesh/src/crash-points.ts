import { appendFileSync, existsSync } from 'node:fs'

/** What must be neither lost nor doubled when a process dies just before or just after it. */
export const crashSites = [
  'submit',
  'decision',
  'commit',
  'reminder',
  'dispatch',
  'effect',
  'kept-result',
  'result',
  'publish',
  'log',
] as const
export type CrashSite = (typeof crashSites)[number]
export type CrashPoint = `before-${CrashSite}` | `after-${CrashSite}`

export interface ArmedCrashes {
  /** By crash point, the chance that one pass ends the process. */
  crashes: Partial<Record<CrashPoint, number>>
  /** Every crash is a line of this file, written before it; without the file none happens. */
  crashRecord: string
}

let armed: ArmedCrashes | undefined

/** Once, at the start of a process of a test's mesh; without it nothing ever dies at a crash point. */
export function armCrashPoints(crashes: ArmedCrashes): void {
  armed = crashes
}

/** Acts; in a test's mesh the process may die before or after it as by `kill -9` (docs/decisions/0005-crash-points.md). */
export function mayCrashAround<T>(site: CrashSite, act: () => Promise<T>): Promise<T> {
  return armed === undefined ? act() : actAndCrash(armed, { site, act })
}

async function actAndCrash<T>(crashes: ArmedCrashes, { site, act }: { site: CrashSite; act: () => Promise<T> }): Promise<T> {
  pass(crashes, `before-${site}`)
  const result = await act()
  pass(crashes, `after-${site}`)
  return result
}

function pass({ crashes, crashRecord }: ArmedCrashes, point: CrashPoint): void {
  if (Math.random() >= (crashes[point] ?? 0) || !existsSync(crashRecord)) return
  appendFileSync(crashRecord, `${new Date().toISOString()} ${process.pid} ${point}\n`)
  process.kill(process.pid, 'SIGKILL')
}
