import { appendFileSync, existsSync } from 'node:fs'

/** The acts around which a process may be made to die in tests: none of them may be lost or doubled then. */
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

/** Arms the crash points of this process, of a test's mesh, when it starts; without this no process ever dies at one. */
export function armCrashPoints(crashes: ArmedCrashes): void {
  armed = crashes
}

/** Runs `act` and returns its result. In a test's mesh the process may die just before or after it, as by `kill -9` (docs/decisions/0005-crash-points.md). */
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
