import { access, constants, mkdir, open, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage, hasCode, WeftError } from '@weft/contracts'
import { type ArchiveFile, openArchiveFile } from './archive-file.ts'

export type ArchiveKind = 'sessions' | 'calls' | 'audit' | 'approval-history'

/** One line of an archive file. It is written piece by piece, because a session may be too long to be held in memory. */
export interface ArchiveLine {
  write(text: string): Promise<void>
}

export interface AppendOptions<T> {
  tenant: string
  kind: ArchiveKind
  items: readonly T[]
  /** Writes the line of an item, without its end. An error concerns that item alone, except `conflict`: another process may then be writing here. */
  line(item: T, line: ArchiveLine): Promise<void>
  /** Throws when another process may be writing here meanwhile. */
  confirm(): Promise<void>
}

export interface Appended<T> {
  /** The path below the archive's folder. */
  file: string
  /** The items that are safely on the disk. */
  written: T[]
  /** Why the other items are not written. */
  problems: unknown[]
}

export interface ArchiveFolder {
  folder: string | undefined
  /** Why nothing can be written now; undefined when it can. */
  problem(): Promise<string | undefined>
  /** Throws `dependency_unavailable` when nothing can be written, and `conflict` when another process writes there too. */
  append<T>(options: AppendOptions<T>): Promise<Appended<T>>
}

/** The archive leaves this much of the disk to everything else, because a mesh whose disk is full cannot call models. */
const freeBytesMin = 200_000_000

/** The files `<folder>/<tenant>/<kind>-<day>.jsonl`. Lines are appended, and are safely on the disk before anything is removed from the database. */
export function createArchiveFolder({ folder, nowMs }: { folder: string | undefined; nowMs: () => number }): ArchiveFolder {
  async function problem(): Promise<string | undefined> {
    if (folder === undefined) return 'no folder is set for it (WEFT_ARCHIVE_FOLDER)'
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await access(folder, constants.W_OK | constants.X_OK)
      const { bavail, bsize } = await statfs(folder)
      return bavail * bsize < freeBytesMin ? `less than ${freeBytesMin / 1e6} MB are free in ${folder}` : undefined
    } catch (cause) {
      return `${folder} cannot be written: ${errorMessage(cause)}`
    }
  }

  async function append<T>(options: AppendOptions<T>): Promise<Appended<T>> {
    const why = await problem()
    if (folder === undefined || why !== undefined) throw unavailable(why ?? '')
    const name = `${options.kind}-${new Date(nowMs()).toISOString().slice(0, 10)}.jsonl`
    const file = await openIn(folder, options.tenant, name).catch((cause: unknown) => {
      throw unavailable(errorMessage(cause), cause)
    })
    try {
      const { written, problems } = await appendLines(file, options)
      await file.sync().catch((cause: unknown) => {
        throw unavailable(errorMessage(cause), cause)
      })
      return { file: join(options.tenant, name), written, problems }
    } finally {
      await file.close()
    }
  }

  return { folder, problem, append }
}

async function openIn(folder: string, tenant: string, name: string): Promise<ArchiveFile> {
  const own = join(folder, tenant)
  await mkdir(own, { recursive: true, mode: 0o700 })
  const file = await openArchiveFile(join(own, name))
  // The folders too, because a power cut may otherwise lose the entry of a new file, however safely its content was written.
  for (const each of [own, folder]) await syncFolder(each)
  return file
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  await folder.sync().finally(() => folder.close())
}

/** Appends a line for each item. A line that fails is cut off again, and the next one is tried, unless it failed because the disk does not take it. */
async function appendLines<T>(file: ArchiveFile, { items, line, confirm }: AppendOptions<T>) {
  const written: T[] = []
  const problems: unknown[] = []
  for (const item of items) {
    let diskProblem: unknown
    const write = (text: string) =>
      file.write(text).catch((cause: unknown) => {
        if (isTaken(cause)) throw cause
        diskProblem = unavailable(errorMessage(cause), cause)
        throw diskProblem
      })
    try {
      await line(item, { write })
      await write('\n')
      await file.endLine()
      written.push(item)
    } catch (cause) {
      if (isTaken(cause)) throw cause
      problems.push(cause)
      await confirm()
      await file.cut()
      if (diskProblem !== undefined) break
    }
  }
  return { written, problems }
}

/** Whether another process writes there. Then what this one began is left as it is: the other one cuts it off. */
function isTaken(cause: unknown): boolean {
  return hasCode(cause, 'conflict')
}

function unavailable(why: string, cause?: unknown): WeftError {
  return new WeftError('dependency_unavailable', `the archive takes nothing, so nothing is removed: ${why}`, { cause })
}
