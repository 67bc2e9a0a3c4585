import type { Router } from 'express'
import { mountFileBatches } from './file-batches.ts'
import { mountFiles } from './files.ts'
import type { KnowledgeDeps } from './knowledge-deps.ts'
import { mountSearchVectorStore } from './search-vector-store.ts'
import { mountUploadFile } from './upload-file.ts'
import { mountVectorStoreFiles } from './vector-store-files.ts'
import { mountVectorStores } from './vector-stores.ts'

/**
 * OpenAI's files and vector stores. The router must authenticate before (`tenantOf` reads its result), parse JSON bodies, and turn
 * the WeftErrors thrown here into OpenAI's error bodies; multipart bodies must reach these routes unread.
 */
export function mountKnowledgeRoutes(router: Router, deps: KnowledgeDeps): void {
  mountUploadFile(router, deps)
  mountFiles(router, deps)
  mountVectorStores(router, deps)
  mountVectorStoreFiles(router, deps)
  mountFileBatches(router, deps)
  mountSearchVectorStore(router, deps)
}
