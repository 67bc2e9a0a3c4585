import { readFileSync } from 'node:fs'

/** True while a process of this id runs, whoever owns it. */
export function isProcessAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/**
 * A mark that tells a process from a later one given the same id: its start time in clock ticks since boot and the boot
 * itself. Undefined where the system does not tell (macOS).
 */
export function startMark(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    // The second field is the program's name in parentheses and may hold spaces; field 22 is the start time (proc(5)).
    const startTicks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return `${boot}:${startTicks}`
  } catch {
    return undefined
  }
}
