import { type FingerprintedFile, fingerprintFile, settledAfterMs } from './fingerprint-file.ts'
import { addHeaders } from './header-cost.ts'
import type { IngestionReport } from './ingestion-report.ts'
import type { IngestionRequest, IngestionTools } from './ingestion-tools.ts'
import type { ManifestEntry } from './manifest-entry.ts'
import { decideFile, type FileAction, type IngestionPlan, planIngestion } from './plan-ingestion.ts'
import { runBounded } from './run-bounded.ts'
import { progressBar } from './terminal.ts'
import type { FoundFile, SkippedPath, WalkRoot } from './walk-paths.ts'
import { walkPaths } from './walk-paths.ts'

export type Decided = Pick<IngestionPlan, 'outdated'> & {
  actions: FileAction[]
  gone: ManifestEntry[]
  /** Unchanged, and not indexed yet. */
  pending: ManifestEntry[]
}

type Decision = {
  request: IngestionRequest
  tools: IngestionTools
  report: IngestionReport
  roots: WalkRoot[]
  readManifest: () => Promise<ManifestEntry[]>
}

/** Walks the paths, reads the files that have to be read, and notes in the report what will be done. */
export async function decideIngestion({ request, tools, report, roots, readManifest }: Decision): Promise<Decided> {
  const [{ found, skippedPaths }, manifest] = await Promise.all([walk(roots, request, tools), readManifest()])
  const plan = planIngestion({ found, skipped: skippedPaths, manifest, roots })
  const actions = await readAll(plan, { request, tools, skippedPaths })
  for (const { absolutePath, reason, isKept } of skippedPaths)
    (isKept ? report.failed : report.skipped).push({ path: absolutePath, reason })
  report.unchanged = plan.unchanged.length + actions.filter(({ kind }) => kind === 'touch' || kind === 'none').length
  for (const action of actions) noteAction(action, report)
  report.duplicates = findDuplicates([...plan.unchanged, ...actions.map(({ file }) => file)])
  const gone = decideRemovals(plan.gone.list(), { request, report })
  const pending = plan.unchanged.filter((entry) => entry.status === 'in_progress')
  return { actions: actions.filter(({ kind }) => kind !== 'none'), gone, outdated: plan.outdated, pending }
}

async function walk(roots: WalkRoot[], request: IngestionRequest, { terminal }: IngestionTools) {
  const found: FoundFile[] = []
  const skippedPaths: SkippedPath[] = []
  for await (const item of walkPaths(roots, request)) {
    if (item.kind === 'file') found.push(item)
    else skippedPaths.push(item)
    if (found.length % 100 === 1) terminal.showProgress(`looking … ${found.length} files`)
  }
  return { found, skippedPaths }
}

type Reading = Pick<Decision, 'request' | 'tools'> & { skippedPaths: SkippedPath[] }

/** How many files are read at once. */
const readsMax = 4

/** With more files than this that are too young to be settled it waits until they are, because reading all of them again the next time would take longer. */
const youngMax = 100

/**
 * Hashes the files about which size and times do not decide, the youngest last. A file that cannot be read keeps its entry; one that vanished or is binary
 * loses it.
 */
async function readAll(plan: IngestionPlan, { request, tools, skippedPaths }: Reading): Promise<FileAction[]> {
  const read: { file: FingerprintedFile; entry: ManifestEntry | undefined }[] = []
  let done = 0
  const readThese = (files: IngestionPlan['toRead']) =>
    runBounded(files, readsMax, async ({ file, entry }) => {
      const result = await fingerprintFile(file, { fileBytesMax: request.fileBytesMax, now: tools.now })
      done += 1
      tools.terminal.showProgress(`reading ${progressBar(done, plan.toRead.length)}`)
      if (result.kind === 'file') read.push({ file: result, entry })
      else {
        skippedPaths.push(result)
        if (entry !== undefined && !result.isKept) plan.gone.add(entry)
      }
    })
  const isYoung = ({ file }: { file: FoundFile }) => Math.max(file.mtimeMs, file.ctimeMs) > tools.now() - settledAfterMs
  const { young = [], old = [] } = Object.groupBy(plan.toRead, (each) => (isYoung(each) ? 'young' : 'old'))
  await readThese(old)
  if (young.length > youngMax) await tools.sleep(settledAfterMs)
  await readThese(young)
  const inOrder = read.toSorted((a, b) => (a.file.absolutePath < b.file.absolutePath ? -1 : 1))
  return inOrder.map(({ file, entry }) => decideFile(file, entry, plan.gone))
}

function noteAction({ kind, file, ...rest }: FileAction, report: IngestionReport): void {
  if (kind === 'add') report.added.push(file.path)
  if (kind === 'change') report.changed.push(file.path)
  if (kind === 'rename' && 'entry' in rest) report.renamed.push({ from: rest.entry.path, to: file.path })
  if (kind === 'retry') report.retried.push(file.path)
  if (kind === 'add' || kind === 'change') {
    report.bytesUploaded += file.sizeBytes
    report.tokens += file.tokens
    if (report.headers !== undefined) addHeaders(report.headers, file.tokens)
  }
}

/** Groups of files with the same content. */
function findDuplicates(files: { path: string; sha256: string }[]): string[][] {
  const byContent = Map.groupBy(files, ({ sha256 }) => sha256)
  return [...byContent.values()].flatMap((same) => (same.length > 1 ? [same.map(({ path }) => path).toSorted()] : []))
}

/** Up to this many files are removed without confirmation, however few are left. */
const removalsFreeMax = 10

/**
 * Whether so much is gone that nothing may be removed without confirmation. A folder that lost more than half of its files is more often not mounted, or the wrong one,
 * than tidied up.
 */
function decideRemovals(
  gone: ManifestEntry[],
  { request, report }: { request: IngestionRequest; report: IngestionReport },
): ManifestEntry[] {
  const staying = report.unchanged + report.changed.length + report.renamed.length + report.retried.length
  const isMost = gone.length > removalsFreeMax && gone.length > staying
  report.isRemovalWithheld = request.removals === 'careful' && isMost
  const isKept = request.removals === 'none' || report.isRemovalWithheld
  const paths = gone.map(({ path }) => path)
  if (isKept) report.kept = paths
  else report.removed = paths
  return isKept ? [] : gone
}
