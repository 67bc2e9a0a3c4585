import type { IngestionJob, KnowledgeStore, SearchAnswer, SearchRequest } from '@weft/retrieval'
import type { Response } from 'express'

/** What the knowledge routes stand on; `search` and `requestIngestion` reach the rag service. */
export type KnowledgeDeps = {
  store: KnowledgeStore
  search(request: SearchRequest): Promise<SearchAnswer>
  requestIngestion(job: IngestionJob): Promise<unknown>
  /** The tenant of the key that authenticated the request of this response. */
  tenantOf(response: Response): string
  /** A vector store was made or deleted, so lists of them kept elsewhere are out of date. */
  onStoresChanged(tenant: string): void
}

const hintsAtOnce = 4

/**
 * Tells the rag service about new files without waiting for it. A lost hint costs time, never a file: the row `in_progress` is the
 * job, and the service looks for such rows by itself.
 */
export function hintIngestion(deps: KnowledgeDeps, jobs: IngestionJob[]): void {
  const rest = jobs.values()
  async function hint(): Promise<void> {
    for (const job of rest) await deps.requestIngestion(job).catch(() => undefined)
  }
  for (let worker = 0; worker < Math.min(hintsAtOnce, jobs.length); worker += 1) void hint()
}
