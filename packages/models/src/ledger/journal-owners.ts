import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'

/** Whose a journal's folder is: a process, known by its number and the moment it began, as numbers are used again. */
interface Owner extends Pick<DeadJournal, 'life'> {
  pid: number
  startedAt: string
}

/** A journal whose process is gone. */
export interface DeadJournal {
  folder: string
  /** The life of a process that its calls were made in; undefined in folders of older versions. */
  life: string | undefined
}

/** A new name for a folder of this process; `life`: the life of a process in which its calls were made, undefined where the folder never said. */
export function ownFolderName(service: string, life: string | undefined): string {
  const own = [service, process.pid, startOf(process.pid) ?? 'unknown', randomBytes(6).toString('hex')]
  return [...own, ...(life === undefined ? [] : [life])].join('.')
}

/** Takes over the folders of processes that are gone; of several that try, each folder goes to one. */
export function claimDeadJournals(folder: string, service: string): DeadJournal[] {
  return namesIn(folder).flatMap((name) => {
    const owner = ownerOf(name)
    if (owner === undefined || isAlive(owner)) return []
    const { life } = owner
    const claimed = join(folder, ownFolderName(service, life))
    try {
      renameSync(join(folder, name), claimed)
      return [{ folder: claimed, life }]
    } catch (cause) {
      if (isMissing(cause)) return []
      throw cause
    }
  })
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (cause) {
    if (isMissing(cause)) return []
    throw cause
  }
}

function ownerOf(name: string): Owner | undefined {
  const [, pid, startedAt, life] = /^[a-z0-9-]+\.(\d+)\.(\d+|unknown)\.[0-9a-f]+(?:\.([a-z0-9]+))?$/.exec(name) ?? []
  return pid === undefined || startedAt === undefined ? undefined : { pid: Number(pid), startedAt, life }
}

function isAlive({ pid, startedAt }: Owner): boolean {
  try {
    process.kill(pid, 0)
  } catch (cause) {
    // EPERM: it is there, and another user's.
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EPERM')) return false
  }
  const began = startOf(pid)
  return began === undefined || startedAt === 'unknown' || began === startedAt
}

/** When a process began, in ticks since the machine did (field 22 of /proc/<pid>/stat, proc(5)); undefined where the system does not say. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name, which may hold blanks and brackets.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
}
