import type { IngestionHint, KnowledgeStore, SearchAnswer, SearchRequest } from '@weft/retrieval'
import type { Response } from 'express'
import type { AuditLog } from '../../audit/audit-log.ts'

/** What the knowledge routes need. `search` and `requestIngestion` call the rag service. */
export type KnowledgeDeps = {
  store: Omit<KnowledgeStore, 'deleteFile' | 'deleteVectorStore'>
  /** Files and vector stores are deleted through it, so that each deletion is in the audit log. */
  audit: Pick<AuditLog, 'act'>
  /** `reader` aborts when nobody waits for the answer any more. */
  search(request: SearchRequest, reader: AbortSignal): Promise<SearchAnswer>
  requestIngestion(hint: IngestionHint): Promise<unknown>
  /** The tenant of the key that authenticated the request of this response. */
  tenantOf(response: Response): string
  /** Called when a vector store was made or deleted, so that cached lists of them are dropped. */
  onStoresChanged(tenant: string): void
}

/** How many files a hint names at most. The rag service finds the others by itself once it has done these. */
const hintFilesMax = 500

/**
 * Tells the rag service about new files without waiting for it. A lost hint only costs time: the row in state `in_progress` is the job, and the service also
 * looks for such rows by itself.
 */
export function hintIngestion(deps: KnowledgeDeps, { fileIds, ...store }: IngestionHint): void {
  if (fileIds.length === 0) return
  void deps.requestIngestion({ ...store, fileIds: fileIds.slice(0, hintFilesMax) }).catch(() => undefined)
}
