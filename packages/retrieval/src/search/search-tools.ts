import type { Embedder, Reranker } from '@weft/contracts'
import type { Database } from '@weft/database'
import type { PartCosts } from './part-costs.ts'

/** What a search works with. Without an embedder it goes by words alone. */
export type SearchTools = {
  database: Database
  /** The embedder of the model whose vectors are expected to be stored. */
  embedder?: Embedder | undefined
  /** Called when vectors of another model turn out to be stored: returns that model's embedder and uses it from then on; undefined if there is none. */
  follow?(model: string): Embedder | undefined
  /** Puts the best of what was found in another order. */
  reranker?: Reranker | undefined
  /** How long a reranker is waited for, in milliseconds; default 10,000. */
  rerankPatienceMs?: number
  /** What parts of a search take, for searches with a latency budget. Default: first guesses. */
  costs?: PartCosts
}
