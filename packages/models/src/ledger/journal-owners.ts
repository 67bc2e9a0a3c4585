import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'

/** The process that a journal's folder belongs to, known by its id and by when it began, because ids are given out again. */
interface Owner extends Pick<DeadJournal, 'life'> {
  pid: number
  startedAt: string
}

/** A journal whose process is gone. */
export interface DeadJournal {
  folder: string
  /** The process life in which its calls were made; undefined for folders of older versions. */
  life: string | undefined
}

/** A new name for a folder that belongs to this process. `life` is the process life in which its calls were made, undefined when that is not known. */
export function ownFolderName(service: string, life: string | undefined): string {
  const own = [service, process.pid, startOf(process.pid) ?? 'unknown', randomBytes(6).toString('hex')]
  return [...own, ...(life === undefined ? [] : [life])].join('.')
}

/** Takes over the folders of processes that are gone, by renaming them: when several processes try, each folder goes to one. */
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
    // EPERM: the process lives, but belongs to another user.
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EPERM')) return false
  }
  const began = startOf(pid)
  return began === undefined || startedAt === 'unknown' || began === startedAt
}

/** When a process began, in ticks since the machine's start (field 22 of /proc/<pid>/stat, proc(5)); undefined where the system does not tell. */
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
