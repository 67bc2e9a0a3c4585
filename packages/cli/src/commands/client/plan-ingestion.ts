import { join } from 'node:path'
import type { FingerprintedFile } from './fingerprint-file.ts'
import { type FoundFile, isWithin, type SkippedPath, type WalkRoot } from './walk-paths.ts'

/** A file as the server remembers it: the attributes of the vector store file are the manifest. */
export type ManifestEntry = {
  fileId: string
  root: string
  path: string
  sha256: string
  sizeBytes: number
  mtimeMs: number
  status: 'in_progress' | 'completed' | 'failed' | 'cancelled'
  lastError: string | undefined
}

/**
 * What one file needs. `touch`: the same bytes with a new time; only the manifest is brought up to date. `retry`: the same bytes,
 * whose indexing failed; it is begun again without sending them.
 */
export type FileAction =
  | { kind: 'add'; file: FingerprintedFile }
  | { kind: 'change'; file: FingerprintedFile; entry: ManifestEntry }
  | { kind: 'rename'; file: FingerprintedFile; entry: ManifestEntry }
  | { kind: 'touch'; file: FingerprintedFile; entry: ManifestEntry }
  | { kind: 'retry'; file: FingerprintedFile; entry: ManifestEntry }

export type IngestionPlan = {
  unchanged: ManifestEntry[]
  /** Files whose bytes decide: new, or of another size or time than the manifest says. */
  toRead: { file: FoundFile; entry: ManifestEntry | undefined }[]
  /** Entries in scope whose file is gone: removed, unless their bytes turn up under another name. */
  gone: ManifestEntry[]
}

type PlanInput = { found: FoundFile[]; skipped: SkippedPath[]; manifest: ManifestEntry[]; roots: WalkRoot[] }

/**
 * Compares what is on disk with what the server has. Same size and time means unchanged, as in git and rsync; entries outside
 * the given roots are left alone, and so are entries under anything that could not be read.
 */
export function planIngestion({ found, skipped, manifest, roots }: PlanInput): IngestionPlan {
  const { current, superseded } = latestEntries(manifest)
  const plan: IngestionPlan = { unchanged: [], toRead: [], gone: superseded.filter((entry) => isInScope(entry, roots)) }
  for (const file of found) {
    const entry = current.get(file.absolutePath)
    current.delete(file.absolutePath)
    if (entry !== undefined && isSameWithoutReading(file, entry)) plan.unchanged.push(entry)
    else plan.toRead.push({ file, entry })
  }
  const kept = skipped.filter((path) => path.isKept).map((path) => path.absolutePath)
  for (const [absolutePath, entry] of current) {
    if (isInScope(entry, roots) && !kept.some((place) => isWithin(absolutePath, place))) plan.gone.push(entry)
  }
  return plan
}

/** Decides over a file that was read. A rename takes its entry out of `gone`. */
export function decideFile(file: FingerprintedFile, entry: ManifestEntry | undefined, gone: ManifestEntry[]): FileAction {
  if (entry !== undefined) {
    if (entry.sha256 !== file.sha256) return { kind: 'change', file, entry }
    return { kind: isWorthRetrying(entry) ? 'retry' : 'touch', file, entry }
  }
  const index = gone.findIndex((candidate) => candidate.sha256 === file.sha256 && !isWorthRetrying(candidate))
  const moved = index === -1 ? undefined : gone.splice(index, 1)[0]
  return moved === undefined ? { kind: 'add', file } : { kind: 'rename', file, entry: moved }
}

/** A failed or cancelled entry is indexed again: what was in its way may be gone, or the server reads more formats now. */
function isWorthRetrying(entry: ManifestEntry): boolean {
  return entry.status === 'failed' || entry.status === 'cancelled'
}

function isSameWithoutReading(file: FoundFile, entry: ManifestEntry): boolean {
  return entry.sizeBytes === file.sizeBytes && entry.mtimeMs === file.mtimeMs && !isWorthRetrying(entry)
}

/** A run that ended between attaching a new version and removing the old one leaves two entries; the first listed is the newest. */
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
