import type { Embedder } from '@weft/contracts'
import type { Database } from '@weft/database'

/** Without an embedder, search goes by words. */
export type SearchTools = { database: Database; embedder?: Embedder | undefined }
