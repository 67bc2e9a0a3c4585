import type { HeaderTokens } from './header-cost.ts'
import type { Terminal } from './terminal.ts'
import { formatBytes } from './terminal.ts'

/**
 * An estimate of what an ingestion takes: USD for the embedder if its price is known, and seconds if the rate of an earlier run is known. `headers`: the same for the
 * model that writes headers, if one is set up.
 */
export type CostEstimate = { costUsd?: number; seconds?: number; headers?: { model: string; costUsd?: number } }

export type IngestionReport = {
  store: { id: string | null; name: string }
  isDryRun: boolean
  added: string[]
  changed: string[]
  renamed: { from: string; to: string }[]
  removed: string[]
  /** Gone from the folder and kept in the store. */
  kept: string[]
  /** Whether so much is gone that nothing is removed without confirmation. */
  isRemovalWithheld: boolean
  /** Unchanged files whose indexing had failed, and was begun again. */
  retried: string[]
  unchanged: number
  skipped: { path: string; reason: string }[]
  failed: { path: string; reason: string }[]
  /** Groups of files with the same content. */
  duplicates: string[][]
  bytesUploaded: number
  /** An estimate of the tokens to embed; fewer when texts are equal, because those are embedded once. */
  tokens: number
  /** Only in a dry run, and when a model writes headers: the tokens for the headers of what would be uploaded, if none of them is known yet. */
  headers?: HeaderTokens
  /** Only in a dry run. */
  estimate?: CostEstimate
  durationMs: number
}

export function emptyReport(store: IngestionReport['store'], isDryRun: boolean): IngestionReport {
  const lists = {
    added: [],
    changed: [],
    renamed: [],
    removed: [],
    kept: [],
    retried: [],
    skipped: [],
    failed: [],
    duplicates: [],
  }
  return { store, isDryRun, ...lists, isRemovalWithheld: false, unchanged: 0, bytesUploaded: 0, tokens: 0, durationMs: 0 }
}

/** How many paths of a kind are shown; `--json` has all of them. */
const shownPathsMax = 20

/** The report as lines: what was done or, in a dry run, would be; what was left out and why; what failed. */
export function describeIngestion(report: IngestionReport): string[] {
  const { added, changed, renamed, removed, kept, retried, unchanged, skipped, failed } = report
  const verb = report.isDryRun ? 'would be ' : ''
  const counts = [
    `${added.length} ${verb}added`,
    `${changed.length} ${verb}changed`,
    ...(renamed.length > 0 ? [`${renamed.length} ${verb}renamed`] : []),
    `${removed.length} ${verb}removed`,
    ...(kept.length > 0 ? [`${kept.length} gone and kept`] : []),
    ...(retried.length > 0 ? [`${retried.length} ${verb}tried again`] : []),
    `${unchanged} unchanged`,
    `${skipped.length} skipped`,
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
  ]
  const size = report.isDryRun
    ? `${formatBytes(report.bytesUploaded)} to upload, ${describeCost(report)}`
    : `${formatBytes(report.bytesUploaded)} uploaded`
  return [
    ...(report.isDryRun ? describePlannedPaths(report) : []),
    ...describeDuplicates(report.duplicates),
    ...describeSkipped(skipped),
    ...(report.isRemovalWithheld ? [withheld(report)] : []),
    ...failed.map(({ path, reason }) => `failed   ${path}: ${reason}`),
    `${report.isDryRun ? 'Dry run for' : 'Store'} "${report.store.name}": ${counts.join(', ')} (${size}, ${(report.durationMs / 1_000).toFixed(1)} s)`,
  ]
}

function describeCost({ tokens, estimate }: IngestionReport): string {
  const usd = estimate?.costUsd === undefined ? '' : ` for ${estimate.costUsd.toFixed(2)} USD`
  const seconds = estimate?.seconds === undefined ? '' : ` in ${Math.ceil(estimate.seconds)} s`
  return `about ${tokens} tokens to embed${usd}${seconds}${describeHeaders(estimate?.headers)}`
}

function describeHeaders(headers: CostEstimate['headers']): string {
  if (headers === undefined) return ''
  const usd = headers.costUsd === undefined ? 'at a price that is not known' : `for about ${headers.costUsd.toFixed(2)} USD`
  return `, headers by ${headers.model} ${usd}`
}

function describeDuplicates(duplicates: string[][]): string[] {
  if (duplicates.length === 0) return []
  const groups = duplicates.slice(0, shownSkippedMax).map((paths) => `           ${paths.slice(0, shownSkippedMax).join(' = ')}`)
  const more = duplicates.length > shownSkippedMax ? [`           … and ${duplicates.length - shownSkippedMax} more`] : []
  return [`equal    ${duplicates.length} ${duplicates.length === 1 ? 'text' : 'texts'} in several files:`, ...groups, ...more]
}

function withheld({ kept }: IngestionReport): string {
  return `kept     ${kept.length} files are gone, more than there are left: nothing was removed. Is this the right folder? Then run it again with --yes to remove them, or with --keep-deleted`
}

/** Lines that say what will be removed, shown before it is. */
export function tellRemovals({ removed }: IngestionReport, terminal: Terminal): void {
  for (const line of listed('remove', removed)) terminal.note(line)
}

function describePlannedPaths({ added, changed, renamed, removed }: IngestionReport): string[] {
  return [
    ...listed('add', added),
    ...listed('change', changed),
    ...listed(
      'rename',
      renamed.map(({ from, to }) => `${from} → ${to}`),
    ),
    ...listed('remove', removed),
  ]
}

function describeSkipped(skipped: IngestionReport['skipped']): string[] {
  const byReason = Map.groupBy(skipped, ({ reason }) => reason)
  return [...byReason].flatMap(([reason, paths]) => [
    `skipped  ${paths.length} ${paths.length === 1 ? 'path' : 'paths'}: ${reason}`,
    ...indented(paths.map(({ path }) => path)),
  ])
}

function listed(kind: string, paths: string[]): string[] {
  const shown = paths.slice(0, shownPathsMax).map((path) => `${kind.padEnd(8)} ${path}`)
  return paths.length > shownPathsMax ? [...shown, `${kind.padEnd(8)} … and ${paths.length - shownPathsMax} more`] : shown
}

const shownSkippedMax = 5

function indented(paths: string[]): string[] {
  const shown = paths.slice(0, shownSkippedMax).map((path) => `           ${path}`)
  return paths.length > shownSkippedMax ? [...shown, `           … and ${paths.length - shownSkippedMax} more`] : shown
}

/** The report for programs: the number of each kind of file, and their paths. */
export function ingestionJson(report: IngestionReport) {
  const { added, changed, renamed, removed, kept, retried, ...rest } = report
  return {
    ...rest,
    added: added.length,
    changed: changed.length,
    renamed: renamed.length,
    removed: removed.length,
    kept: kept.length,
    retried: retried.length,
    paths: { added, changed, renamed, removed, kept, retried },
  }
}

export function printIngestion(report: IngestionReport, terminal: Terminal): void {
  const lines = describeIngestion(report)
  for (const line of lines.slice(0, -1)) terminal.note(line)
  terminal.print(lines.at(-1) ?? '')
}
