import { readFileSync } from 'node:fs'

/** True while a process of this id runs, whoever owns it. One that ended but was not yet collected by its parent does not run. */
export function isProcessAlive(pid) {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
  return statFields(pid)?.[0] !== 'Z'
}

/**
 * A mark that tells a process from a later one given the same id: its start time in clock ticks since boot and the boot
 * itself. Undefined where the system does not tell (macOS).
 */
export function startMark(pid) {
  const startTicks = statFields(pid)?.[19]
  const boot = readOrUndefined('/proc/sys/kernel/random/boot_id')?.trim()
  return startTicks && boot ? `${boot}:${startTicks}` : undefined
}

/** The fields of proc(5)'s stat from the third on, the state: the second is the program's name and may hold spaces. */
function statFields(pid) {
  const stat = readOrUndefined(`/proc/${pid}/stat`)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function readOrUndefined(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
