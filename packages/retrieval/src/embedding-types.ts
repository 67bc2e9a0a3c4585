/** What makes vectors comparable: only those of one model are. `inputTokensMax`: what a text has beyond these is cut into further vectors, or not seen. */
export type EmbeddingModel = { id: string; dimensions: number; isNormalised: boolean; inputTokensMax: number }

/** A model that turns texts into vectors; the models package has several. A long document may have several vectors, a question has one. */
export type Embedder = {
  readonly id: string
  /** What its vectors are like; known at the latest once it embedded something. */
  describe(signal?: AbortSignal): Promise<EmbeddingModel>
  embed(request: {
    texts: string[]
    purpose: 'query' | 'document'
    signal?: AbortSignal | undefined
  }): Promise<{ vectors: Float32Array[][]; inputTokens: number }>
}
