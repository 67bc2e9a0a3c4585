import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'

/** Identifies a process, also among later ones with the same id. */
export const ProcessIdentity = z.object({ pid: z.number().int().positive(), startMark: z.string() })
export type ProcessIdentity = z.infer<typeof ProcessIdentity>

/** When a process began, as clock ticks since boot with the id of the boot, or as `ps` says. Undefined when there is no such process. */
export function readStartMark(pid: number): string | undefined {
  if (!existsSync('/proc/self/stat')) return askPs(pid, 'lstart')
  const fields = readStat(pid)
  // A zombie has ended, and only waits for its parent. The fields begin with the state, which is the third of proc(5).
  if (fields === undefined || fields[0] === 'Z') return undefined
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19]}`
}

export function isRunning(identity: ProcessIdentity): boolean {
  return readStartMark(identity.pid) === identity.startMark
}

/** Resident memory in bytes; undefined when the process is gone. */
export function readResidentBytes(pid: number): number | undefined {
  if (!existsSync('/proc/self/stat')) {
    const kib = askPs(pid, 'rss')
    return kib === undefined ? undefined : Number(kib) * 1024
  }
  try {
    const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kib === undefined ? undefined : Number(kib) * 1024
  } catch {
    return undefined
  }
}

/** Signals a process and everything that it started, which is in its group. Answers false when it is already gone. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal)
    return true
  } catch {
    return false
  }
}

/** The fields after the name of the program, which is in parentheses and may have spaces. */
function readStat(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

function askPs(pid: number, field: string): string | undefined {
  try {
    const answer = execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], { encoding: 'utf8' }).trim()
    return answer === '' ? undefined : answer
  } catch {
    return undefined
  }
}
