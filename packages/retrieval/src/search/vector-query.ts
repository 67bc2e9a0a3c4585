import type { EmbeddingModel } from '@weft/contracts'
import type { RawBuilder } from '@weft/database'

export type VectorQuery = {
  tenant: string
  vectorStoreIds: string[]
  model: EmbeddingModel
  vector: Float32Array
  /** How many chunks are found at most; where an index is walked, how many vectors. */
  limit: number
  /** How many chunks have to be found if so many pass the filter; not above `limit`. */
  wanted: number
  /** Makes a condition of a column of attributes: that of chunks or, equally, that of their files. */
  filter?: ((attributes: RawBuilder<unknown>) => RawBuilder<boolean>) | undefined
}
