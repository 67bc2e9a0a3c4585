/** What makes vectors comparable: only those of one model, of one size, are. */
export type EmbeddingModel = {
  /** Such as `local/all-MiniLM-L6-v2`. */
  id: string
  dimensions: number
  /** Whether every vector has length one, so that the inner product is the cosine. */
  isNormalised: boolean
  /** Tokens of a text that count; what follows them is not seen. */
  inputTokensMax: number
}

/** `purpose`: some models embed a question otherwise than the text that answers it. Questions are taken before waiting texts. */
export type EmbedRequest = { texts: string[]; purpose: 'query' | 'document'; signal?: AbortSignal | undefined }
/** A vector for each text, in their order. */
export type Embeddings = { vectors: Float32Array[]; inputTokens: number }

export type Embedder = {
  readonly model: EmbeddingModel
  /** Throws ModelError. */
  embed(request: EmbedRequest): Promise<Embeddings>
  stop(): Promise<void>
}
