import type { AvailableProvider, ModelInfo } from '../registry/catalog.ts'
import type { SentVector } from './embedding-values.ts'
import type { EmbeddingInput, EmbeddingsRequest } from './embeddings-request.ts'

export interface EmbeddingCall {
  request: EmbeddingsRequest
  inputs: EmbeddingInput[]
  model: ModelInfo
  provider: AvailableProvider
  signal: AbortSignal
  /** Told what the provider has counted so far: requests that were answered are paid for, whatever becomes of the others. */
  onCounted(inputTokens: number): void
}

export interface MadeVectors {
  /** Of each input, in their order. */
  vectors: SentVector[]
  /** As the provider counted; undefined where it did not. */
  inputTokens: number | undefined
}
