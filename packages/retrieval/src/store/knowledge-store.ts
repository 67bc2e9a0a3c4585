import type { Database } from '@weft/database'
import type { KnowledgeStore } from './knowledge-types.ts'
import { createFileBatchMethods } from './postgres-file-batches.ts'
import { createFileMethods } from './postgres-files.ts'
import { createVectorStoreFileMethods } from './postgres-vector-store-files.ts'
import { createVectorStoreMethods } from './postgres-vector-stores.ts'

/** Files and vector stores in the application database; see {@link KnowledgeStore}. */
export function createKnowledgeStore(database: Database): KnowledgeStore {
  return {
    ...createFileMethods(database),
    ...createVectorStoreMethods(database),
    ...createVectorStoreFileMethods(database),
    ...createFileBatchMethods(database),
  }
}
