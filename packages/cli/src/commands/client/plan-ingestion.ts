import { join } from 'node:path'
import { type FingerprintedFile, unsettledMtimeMs } from './fingerprint-file.ts'
import { createGoneEntries, type GoneEntries } from './gone-entries.ts'
import type { ManifestEntry } from './manifest-entry.ts'
import { type FoundFile, isWithin, type SkippedPath, type WalkRoot } from './walk-paths.ts'

/**
 * What a file needs. `touch`: the same bytes with a new time, so only the manifest is updated. `retry`: the same bytes, whose indexing failed and is begun again without
 * sending them. `none`: the manifest is up to date.
 */
export type FileAction =
  | { kind: 'add'; file: FingerprintedFile }
  | { kind: 'change' | 'rename' | 'touch' | 'retry' | 'none'; file: FingerprintedFile; entry: ManifestEntry }

export type IngestionPlan = {
  unchanged: ManifestEntry[]
  /** Files that have to be read: new ones, and those of another size or time than the manifest has. */
  toRead: { file: FoundFile; entry: ManifestEntry | undefined }[]
  /** Entries in scope whose file is gone. They are removed, unless their content is found under another name. */
  gone: GoneEntries
  /** Older versions of files, left by a run that was stopped, or because `newest`, the newest entry of the file, could not be indexed. */
  outdated: { newest: ManifestEntry; entry: ManifestEntry }[]
}

type PlanInput = { found: FoundFile[]; skipped: SkippedPath[]; manifest: ManifestEntry[]; roots: WalkRoot[] }

/**
 * Compares the files on disk with those on the server. A file of the same size and times is unchanged, as in git, unless it was too young when it was read. Entries
 * outside the given roots are left alone, and so are those below anything that could not be read.
 */
export function planIngestion({ found, skipped, manifest, roots }: PlanInput): IngestionPlan {
  const { current, superseded } = latestEntries(manifest)
  const plan: IngestionPlan = { unchanged: [], toRead: [], gone: createGoneEntries(), outdated: [] }
  const kept = skipped.filter((path) => path.isKept).map((path) => path.absolutePath)
  const isGone = new Set(current.keys())
  for (const file of found) {
    const entry = current.get(file.absolutePath)
    isGone.delete(file.absolutePath)
    if (entry !== undefined && isSameWithoutReading(file, entry)) plan.unchanged.push(entry)
    else plan.toRead.push({ file, entry })
  }
  const isLeaving = (path: string, entry: ManifestEntry) =>
    isGone.has(path) && isInScope(entry, roots) && !kept.some((place) => isWithin(path, place))
  for (const [path, entry] of current) if (isLeaving(path, entry)) plan.gone.add(entry)
  for (const entry of superseded) {
    const path = join(entry.root, entry.path)
    const newest = current.get(path)
    if (isLeaving(path, entry)) plan.gone.add(entry)
    else if (newest !== undefined && isInScope(entry, roots)) plan.outdated.push({ newest, entry })
  }
  return plan
}

/** Decides what a file that was read needs. A renamed file's entry is taken out of `gone`. */
export function decideFile(file: FingerprintedFile, entry: ManifestEntry | undefined, gone: GoneEntries): FileAction {
  if (entry !== undefined) {
    if (entry.sha256 !== file.sha256) return { kind: 'change', file, entry }
    if (isWorthRetrying(entry)) return { kind: 'retry', file, entry }
    return { kind: saysTheSame(file, entry) ? 'none' : 'touch', file, entry }
  }
  const moved = gone.takeByContent(file.sha256)
  return moved === undefined ? { kind: 'add', file } : { kind: 'rename', file, entry: moved }
}

/** A failed or cancelled entry is indexed again, because the cause may be gone, or the server may read more formats now. */
function isWorthRetrying(entry: ManifestEntry): boolean {
  return entry.status === 'failed' || entry.status === 'cancelled'
}

function isSameWithoutReading(file: FoundFile, entry: ManifestEntry): boolean {
  return (
    entry.mtimeMs !== unsettledMtimeMs &&
    entry.mtimeMs === file.mtimeMs &&
    entry.ctimeMs === file.ctimeMs &&
    entry.sizeBytes === file.sizeBytes &&
    !isWorthRetrying(entry)
  )
}

/** Whether the times are the same. One that is not settled equals any other, because noting another one would change nothing. */
function saysTheSame(file: FingerprintedFile, entry: ManifestEntry): boolean {
  return entry.mtimeMs === file.mtimeMs && (file.mtimeMs === unsettledMtimeMs || entry.ctimeMs === file.ctimeMs)
}

/** Finds the newest entry of each path, which is listed first, and the older ones. */
function latestEntries(manifest: ManifestEntry[]): { current: Map<string, ManifestEntry>; superseded: ManifestEntry[] } {
  const current = new Map<string, ManifestEntry>()
  const superseded: ManifestEntry[] = []
  for (const entry of manifest) {
    const absolutePath = join(entry.root, entry.path)
    if (current.has(absolutePath)) superseded.push(entry)
    else current.set(absolutePath, entry)
  }
  return { current, superseded }
}

function isInScope(entry: ManifestEntry, roots: WalkRoot[]): boolean {
  const absolutePath = join(entry.root, entry.path)
  return roots.some((root) => isWithin(absolutePath, root.absolutePath))
}
