import { CliError } from '../../cli-error.ts'
import { decideIngestion } from './decide-ingestion.ts'
import { type ContextModel, headersCostUsd, type HeaderTokens } from './header-cost.ts'
import { type CostEstimate, emptyReport, type IngestionReport, tellRemovals } from './ingestion-report.ts'
import type { IngestionRequest, SyncTools } from './ingestion-tools.ts'
import type { StoreRef } from './knowledge-api.ts'
import type { ManifestEntry } from './manifest-entry.ts'
import { performIngestion, removeQuietly } from './perform-ingestion.ts'
import { resolveRoots } from './walk-paths.ts'

/**
 * Makes a vector store mirror the given paths: uploads what is new or changed, removes what is gone, leaves the rest alone, and waits until the server has indexed it.
 * Files are streamed, so memory grows with the number of paths, and not with their size.
 */
export async function ingestPaths(request: IngestionRequest, tools: SyncTools): Promise<IngestionReport> {
  const startedAtMs = tools.now()
  const roots = await resolveRoots(request.paths)
  const existing = await tools.knowledge.findStore(request.storeName)
  if (existing === undefined && request.storeName.startsWith('vs_'))
    throw new CliError('not_found', `no vector store ${request.storeName}`)
  const store = existing ?? (request.isDryRun ? undefined : await tools.knowledge.createStore(request.storeName))

  const report = emptyReport({ id: store?.id ?? null, name: store?.name ?? request.storeName }, request.isDryRun)
  if (request.isDryRun && request.contextModel !== undefined) report.headers = { read: 0, reread: 0, written: 0 }
  const readManifest = () => readSettledManifest(existing, tools)
  const decided = await decideIngestion({ request, tools, report, roots, readManifest })
  if (store !== undefined && !request.isDryRun) {
    tellRemovals(report, tools.terminal)
    await performIngestion(decided, { request, store, tools, report })
    await tools.journal.clear()
  }
  report.durationMs = tools.now() - startedAtMs
  if (request.isDryRun) report.estimate = await estimateCost(report, request, tools)
  else if (report.failed.length === 0) await tools.rate?.note(report)
  return report
}

async function estimateCost(
  { tokens, headers }: IngestionReport,
  { embedderUsd, contextModel }: IngestionRequest,
  { rate }: SyncTools,
): Promise<CostEstimate> {
  const costUsd = embedderUsd === undefined ? undefined : (tokens / 1_000_000) * embedderUsd
  const seconds = await rate?.secondsFor(tokens)
  return {
    ...(costUsd === undefined ? {} : { costUsd }),
    ...(seconds === undefined ? {} : { seconds }),
    ...(contextModel === undefined || headers === undefined ? {} : { headers: estimateHeaders(contextModel, headers) }),
  }
}

function estimateHeaders({ model, price }: ContextModel, tokens: HeaderTokens): NonNullable<CostEstimate['headers']> {
  const costUsd = headersCostUsd(tokens, price)
  return { model, ...(costUsd === undefined ? {} : { costUsd }) }
}

/** Removes files that a killed run sent and never attached. */
async function readSettledManifest(store: StoreRef | undefined, { knowledge, journal }: SyncTools): Promise<ManifestEntry[]> {
  const leftovers = await journal.readLeftovers()
  const manifest = store === undefined ? [] : await knowledge.readManifest(store.id)
  const attached = new Set(manifest.map(({ fileId }) => fileId))
  for (const fileId of leftovers) if (!attached.has(fileId)) await removeQuietly(knowledge, fileId)
  return manifest
}
