import type { Database } from '@weft/database'
import type { Embedder } from './embedding-types.ts'

/** Without an embedder, search goes by words. */
export type SearchTools = { database: Database; embedder?: Embedder | undefined }
