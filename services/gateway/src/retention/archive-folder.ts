import { access, constants, mkdir, open, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage, hasCode, WeftError } from '@weft/contracts'
import { type ArchiveFile, openArchiveFile } from './archive-file.ts'

export type ArchiveKind = 'sessions' | 'calls' | 'audit' | 'approval-history'

/** One line of an archive file, written piece by piece: a session may be longer than memory should hold. */
export interface ArchiveLine {
  write(text: string): Promise<void>
}

export interface AppendOptions<T> {
  tenant: string
  kind: ArchiveKind
  items: readonly T[]
  /** Writes the line of an item, without its end. What it throws concerns that item alone, but for `conflict`: another process may be writing here. */
  line(item: T, line: ArchiveLine): Promise<void>
  /** Throws when another process may be writing here by now. */
  confirm(): Promise<void>
}

export interface Appended<T> {
  /** Below the archive's folder. */
  file: string
  /** What is on the disk for good. */
  written: T[]
  problems: unknown[]
}

export interface ArchiveFolder {
  folder: string | undefined
  /** Why nothing can be written now; undefined when it can. */
  problem(): Promise<string | undefined>
  /** Throws `dependency_unavailable` when nothing can be written, `conflict` when another process writes there, too. */
  append<T>(options: AppendOptions<T>): Promise<Appended<T>>
}

/** What is left for everything else: a mesh with a full disk calls no models. */
const freeBytesMin = 200_000_000

/** `<folder>/<tenant>/<kind>-<day>.jsonl`: lines are appended, and on the disk before anybody removes what they tell. */
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
  // A file that a power cut takes out of its folder is lost, however well it was written.
  for (const each of [own, folder]) await syncFolder(each)
  return file
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  await folder.sync().finally(() => folder.close())
}

/** A line that fails is cut off again. One that the disk does not take is the last that is tried. */
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

/** Another process writes there: what this one began is left for it to cut off. */
function isTaken(cause: unknown): boolean {
  return hasCode(cause, 'conflict')
}

function unavailable(why: string, cause?: unknown): WeftError {
  return new WeftError('dependency_unavailable', `the archive takes nothing, so nothing is removed: ${why}`, { cause })
}
