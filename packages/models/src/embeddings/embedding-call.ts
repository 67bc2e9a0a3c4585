import type { AvailableProvider, ModelInfo } from '../registry/catalog.ts'
import type { SentVector } from './embedding-values.ts'
import type { EmbeddingInput, EmbeddingsRequest } from './embeddings-request.ts'

export interface EmbeddingCall {
  request: EmbeddingsRequest
  inputs: EmbeddingInput[]
  model: ModelInfo
  provider: AvailableProvider
  signal: AbortSignal
  /** Told what the provider has counted so far. Requests that were answered have to be paid even if a later one fails. */
  onCounted(inputTokens: number): void
}

export interface MadeVectors {
  /** One of each input, in their order. */
  vectors: SentVector[]
  /** The provider's count; undefined when it did not count. */
  inputTokens: number | undefined
}
