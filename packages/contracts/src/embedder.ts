/** A model as far as its vectors depend on it: only vectors of the same model and size can be compared. */
export type EmbeddingModel = {
  /** Such as `local/all-MiniLM-L6-v2`. */
  id: string
  dimensions: number
  /** Whether every vector has length one, so that the inner product is the cosine. */
  isNormalised: boolean
  /** How many tokens one vector covers. A longer text gets further vectors, or its rest is ignored. */
  inputTokensMax: number
}

/**
 * Texts to embed. `purpose`: some models embed a question differently from the text that answers it; questions also go before documents that wait. `tenant`:
 * on whose account the call is made; default: nobody's, and then it is not recorded.
 */
export type EmbedRequest = {
  texts: string[]
  purpose: 'query' | 'document'
  tenant?: string | undefined
  signal?: AbortSignal | undefined
}
/**
 * The vectors of each text, in the order of the texts: one for a question; for a document one for each part that the model can see at once. `knownShare`: the
 * share (0 to 1) of a single question's words of four or more letters that the model's vocabulary has; undefined where that is not known.
 */
export type Embeddings = { vectors: Float32Array[][]; inputTokens: number; knownShare?: number | undefined }

/** A model that turns texts into vectors. */
export type Embedder = {
  /** The model's, such as `openai/text-embedding-3-small`. */
  readonly id: string
  /** What its vectors are like. A remote model is asked at the first call, and remembered. */
  describe(signal?: AbortSignal): Promise<EmbeddingModel>
  embed(request: EmbedRequest): Promise<Embeddings>
}
