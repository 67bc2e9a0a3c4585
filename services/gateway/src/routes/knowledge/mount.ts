import type { Router } from 'express'
import { mountFileBatches } from './file-batches.ts'
import { mountFiles } from './files.ts'
import type { KnowledgeDeps } from './knowledge-deps.ts'
import { mountSearchVectorStore } from './search-vector-store.ts'
import { mountUploadFile } from './upload-file.ts'
import { mountVectorStoreFiles } from './vector-store-files.ts'
import { mountVectorStores } from './vector-stores.ts'

/**
 * OpenAI's files and vector stores. Before these routes, the router must have authenticated the request (`tenantOf` reads the result) and parsed JSON bodies, but
 * not multipart bodies. After them, it must turn a thrown WeftError into OpenAI's error body.
 */
export function mountKnowledgeRoutes(router: Router, deps: KnowledgeDeps): void {
  mountUploadFile(router, deps)
  mountFiles(router, deps)
  mountVectorStores(router, deps)
  mountVectorStoreFiles(router, deps)
  mountFileBatches(router, deps)
  mountSearchVectorStore(router, deps)
}
