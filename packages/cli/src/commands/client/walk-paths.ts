import type { Dirent, Stats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { isNativeError } from 'node:util/types'
import { usageError } from './explain-failure.ts'
import { type GitignoreRules, gitignoreRulesAbove } from './gitignore-rules.ts'
import { formatBytes } from './terminal.ts'

/** A file that may be ingested. `path` is relative to `root`, with forward slashes; the manifest has both. */
export type FoundFile = {
  kind: 'file'
  absolutePath: string
  root: string
  path: string
  sizeBytes: number
  mtimeMs: number
  ctimeMs: number
}

/** A path that is left out. `isKept` is true when it should have been read but could not be, so that what an earlier run ingested from there stays. */
export type SkippedPath = { kind: 'skipped'; absolutePath: string; reason: string; isKept: boolean }

export type WalkLimits = { fileBytesMax: number; excludedFolders: string[] }

/** An argument of the command line, resolved. Everything below `absolutePath` is in its scope. */
export type WalkRoot = { absolutePath: string; root: string; isFolder: boolean }

const folderNamesNeverRead = new Set(['.git', '.hg', '.svn', 'node_modules', '.weft'])

/** The manifest has paths as attributes, whose values have at most 512 characters. */
const pathCharsMax = 512

/** Resolves the paths of the command line. Throws a usage error for one that does not exist, before anything is read. */
export async function resolveRoots(paths: string[]): Promise<WalkRoot[]> {
  const roots: WalkRoot[] = []
  for (const path of paths) {
    const absolutePath = await realpath(path).catch((cause) => {
      throw usageError(`cannot read ${path}: ${reasonOf(cause) === vanished ? 'no such file or folder' : reasonOf(cause)}`)
    })
    const isFolder = (await stat(absolutePath)).isDirectory()
    const root = isFolder ? absolutePath : dirname(absolutePath)
    if (root.length > pathCharsMax) throw usageError(`the path ${root} is longer than ${pathCharsMax} characters`)
    roots.push({ absolutePath, root, isFolder })
  }
  return roots
}

/**
 * Every file below the roots in a stable order, and everything that is left out with the reason. Folders behind symbolic links are never entered, so the walk always ends.
 * It goes on when something cannot be read.
 */
export async function* walkPaths(roots: WalkRoot[], limits: WalkLimits): AsyncGenerator<FoundFile | SkippedPath> {
  const walk = { limits, roots, seen: new Set<string>() }
  for (const root of roots) {
    if (root.isFolder) {
      const rules = await gitignoreRulesAbove(root.absolutePath)
      yield* walkFolder(root.absolutePath, { root: root.root, rules, walk })
    } else {
      yield* visitFile(root.absolutePath, { root: root.root, walk })
    }
  }
}

type Walk = { limits: WalkLimits; roots: WalkRoot[]; seen: Set<string> }
type Place = { root: string; walk: Walk }

async function* walkFolder(folder: string, place: Place & { rules: GitignoreRules }): AsyncGenerator<FoundFile | SkippedPath> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => reasonOf(error))
  if (typeof entries === 'string') {
    yield skipped(folder, `unreadable folder: ${entries}`, { isKept: true })
    return
  }
  const rules = await place.rules.enter(folder)
  const inOrder = entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  for (let from = 0; from < inOrder.length; from += lookedAtTogether) {
    const some = inOrder.slice(from, from + lookedAtTogether)
    const looks = new Map(some.flatMap((entry) => (entry.isFile() ? [[entry.name, lookAt(join(folder, entry.name))]] : [])))
    for (const entry of some) yield* visitEntry(entry, { ...place, rules, folder, looks })
  }
}

/** How many files of a folder are asked for their size and times at once. One after the other, most of the time would be spent waiting. */
const lookedAtTogether = 64

type Look = Promise<Stats | string>

/** The size and times of a file, or why they cannot be read. */
function lookAt(path: string): Look {
  return stat(path).catch((error: unknown) => reasonUnread(error))
}

async function* visitEntry(
  entry: Dirent,
  place: Place & { rules: GitignoreRules; folder: string; looks: ReadonlyMap<string, Look> },
): AsyncGenerator<FoundFile | SkippedPath> {
  const path = join(place.folder, entry.name)
  const isFolder = entry.isDirectory()
  if (entry.name.includes('\ufffd')) {
    yield skipped(path, `${isFolder ? 'folder' : 'file'} name is not valid UTF-8`)
  } else if (isFolder && (folderNamesNeverRead.has(entry.name) || place.walk.limits.excludedFolders.includes(path))) {
    yield skipped(path, 'never ingested')
  } else if (place.rules.ignores(path, isFolder)) {
    yield skipped(path, 'ignored by .gitignore')
  } else if (isFolder) {
    yield* walkFolder(path, place)
  } else if (entry.isSymbolicLink()) {
    yield* visitLink(path, place)
  } else if (entry.isFile()) {
    yield* visitFile(path, place, place.looks.get(entry.name))
  } else {
    yield skipped(path, 'not a regular file')
  }
}

async function* visitLink(link: string, place: Place): AsyncGenerator<FoundFile | SkippedPath> {
  const target = await realpath(link).then(
    (path) => ({ path }),
    (error: unknown) => ({ problem: linkProblem(error) }),
  )
  if ('problem' in target) {
    yield skipped(link, target.problem)
  } else if (isWithin(dirname(link), target.path)) {
    yield skipped(link, 'symbolic link loop')
  } else if (place.walk.roots.some((root) => isWithin(target.path, root.absolutePath))) {
    yield skipped(link, 'symbolic link to something that is walked anyway')
  } else {
    yield* visitFile(link, place)
  }
}

async function* visitFile(path: string, place: Place, look?: Look): AsyncGenerator<FoundFile | SkippedPath> {
  if (place.walk.seen.has(path)) return
  place.walk.seen.add(path)
  const stats = await (look ?? lookAt(path))
  yield typeof stats === 'string' ? unreadable(path, stats) : judgeFile(path, place, stats)
}

function judgeFile(absolutePath: string, { root, walk }: Place, stats: Stats): FoundFile | SkippedPath {
  const path = relative(root, absolutePath).split(sep).join('/')
  if (stats.isDirectory()) return skipped(absolutePath, 'symbolic link to a folder (name that folder to ingest it)')
  if (!stats.isFile()) return skipped(absolutePath, 'not a regular file')
  if (path.length > pathCharsMax) return skipped(absolutePath, `path longer than ${pathCharsMax} characters`)
  if (stats.size === 0) return skipped(absolutePath, 'empty')
  if (stats.size > walk.limits.fileBytesMax) {
    return skipped(absolutePath, `larger than ${formatBytes(walk.limits.fileBytesMax)}`)
  }
  return {
    kind: 'file',
    absolutePath,
    root,
    path,
    sizeBytes: stats.size,
    mtimeMs: Math.floor(stats.mtimeMs),
    ctimeMs: Math.floor(stats.ctimeMs),
  }
}

export function skipped(absolutePath: string, reason: string, { isKept = false } = {}): SkippedPath {
  return { kind: 'skipped', absolutePath, reason, isKept }
}

export function unreadable(absolutePath: string, reason: string): SkippedPath {
  return reason === vanished ? skipped(absolutePath, vanished) : skipped(absolutePath, `unreadable: ${reason}`, { isKept: true })
}

export const vanished = 'deleted while the folder was read'

/** An error of the file system, in words for users. */
export function reasonOf(error: unknown): string {
  const code = errorCodeOf(error)
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  if (code === 'ENOENT') return vanished
  return isNativeError(error) ? error.message : String(error)
}

/** Why a file that was found cannot be read: one whose folder has become a file is gone. */
export function reasonUnread(error: unknown): string {
  return errorCodeOf(error) === 'ENOTDIR' ? vanished : reasonOf(error)
}

function errorCodeOf(error: unknown): unknown {
  return isNativeError(error) && 'code' in error ? error.code : undefined
}

function linkProblem(error: unknown): string {
  const code = errorCodeOf(error)
  if (code === 'ELOOP') return 'symbolic link loop'
  return code === 'ENOENT' ? 'broken symbolic link' : `unreadable symbolic link: ${reasonOf(error)}`
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)
}
