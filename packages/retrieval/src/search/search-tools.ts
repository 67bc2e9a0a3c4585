import type { Embedder, Reranker } from '@weft/contracts'
import type { Database } from '@weft/database'
import type { PartCosts } from './part-costs.ts'
import type { VectorsFound } from './postgres-search-vectors.ts'
import type { VectorQuery } from './vector-query.ts'

/** Copies of vectors, as new as what is stored; undefined where the database has to be asked. */
export type HeldVectors = { search(query: VectorQuery): Promise<VectorsFound | undefined> }

/** Without an embedder, search goes by words. */
export type SearchTools = {
  database: Database
  /** Searched in place of those in the database, where they can be. */
  vectors?: HeldVectors | undefined
  /** Of the model whose vectors are likely to be stored. */
  embedder?: Embedder | undefined
  /** The embedder of the model whose vectors turned out to be stored, from now on; undefined where it cannot be asked. */
  follow?(model: string): Embedder | undefined
  /** Puts what was found in its own order. */
  reranker?: Reranker | undefined
  /** How long a reranker is waited for; default 10,000. */
  rerankPatienceMs?: number
  /** What parts of a search take, for searches with a latency budget. Default: first guesses. */
  costs?: PartCosts
}
