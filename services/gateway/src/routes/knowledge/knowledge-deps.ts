import type { IngestionHint, KnowledgeStore, SearchAnswer, SearchRequest } from '@weft/retrieval'
import type { Response } from 'express'
import type { AuditLog } from '../../audit/audit-log.ts'

/** What the knowledge routes stand on; `search` and `requestIngestion` reach the rag service. */
export type KnowledgeDeps = {
  store: Omit<KnowledgeStore, 'deleteFile' | 'deleteVectorStore'>
  /** Through which files and vector stores are deleted. */
  audit: Pick<AuditLog, 'act'>
  /** `reader` aborts when nobody waits for the answer any more. */
  search(request: SearchRequest, reader: AbortSignal): Promise<SearchAnswer>
  requestIngestion(hint: IngestionHint): Promise<unknown>
  /** The tenant of the key that authenticated the request of this response. */
  tenantOf(response: Response): string
  /** A vector store was made or deleted, so lists of them kept elsewhere are out of date. */
  onStoresChanged(tenant: string): void
}

/** A hint names so many files at most; the service finds the others when it has done these. */
const hintFilesMax = 500

/**
 * Tells the rag service about new files without waiting for it. A lost hint costs time, never a file: the row `in_progress` is the
 * job, and the service looks for such rows by itself.
 */
export function hintIngestion(deps: KnowledgeDeps, { fileIds, ...store }: IngestionHint): void {
  if (fileIds.length === 0) return
  void deps.requestIngestion({ ...store, fileIds: fileIds.slice(0, hintFilesMax) }).catch(() => undefined)
}
