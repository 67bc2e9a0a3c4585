import type { EmbeddingModel } from '@weft/contracts'
import type { RawBuilder } from '@weft/database'

export type VectorQuery = {
  tenant: string
  vectorStoreIds: string[]
  model: EmbeddingModel
  vector: Float32Array
  /** Vectors that are looked at where an index is walked, and chunks at most. */
  limit: number
  /** Chunks that are found when there are as many, whatever the filter; `limit` at most. */
  wanted: number
  /** A condition on attributes, which are those of a chunk or, equally, of the file it is of. */
  filter?: ((attributes: RawBuilder<unknown>) => RawBuilder<boolean>) | undefined
}
