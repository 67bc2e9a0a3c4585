import type { Embedder, Reranker } from '@weft/contracts'
import type { Database } from '@weft/database'
import type { PartCosts } from './part-costs.ts'

/** Without an embedder, search goes by words. */
export type SearchTools = {
  database: Database
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
