import type { Attributes, Filter, Passage } from '@weft/contracts'
import type { KnowledgeStore } from '@weft/retrieval'
import type { Response } from 'express'

/** A passage a search found. `rank` counts from 1; `score` is comparable within one answer, `rawScore` is the engine's own. */
export type SearchHit = Passage & { attributes: Attributes; rank: number; rawScore: number }

export type SearchCall = { tenant: string; vectorStoreIds: string[]; query: string; filters?: Filter; maxResults: number }

export type IngestionJob = { tenant: string; vectorStoreId: string; fileId: string }

/** What the knowledge routes stand on; `search` and `requestIngestion` reach the rag service. */
export type KnowledgeDeps = {
  store: KnowledgeStore
  search(call: SearchCall): Promise<{ results: SearchHit[] }>
  requestIngestion(job: IngestionJob): Promise<void>
  /** The tenant of the key that authenticated the request of this response. */
  tenantOf(response: Response): string
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
