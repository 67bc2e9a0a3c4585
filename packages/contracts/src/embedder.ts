/** What makes vectors comparable: only those of one model, of one size, are. */
export type EmbeddingModel = {
  /** Such as `local/all-MiniLM-L6-v2`. */
  id: string
  dimensions: number
  /** Whether every vector has length one, so that the inner product is the cosine. */
  isNormalised: boolean
  /** Tokens one vector covers: what a text has beyond these is cut into further vectors, or not seen. */
  inputTokensMax: number
}

/**
 * `purpose`: some models embed a question otherwise than the text that answers it. Questions are taken before waiting texts. `tenant`: on whose account;
 * default: nobody's, and then the call is not recorded.
 */
export type EmbedRequest = {
  texts: string[]
  purpose: 'query' | 'document'
  tenant?: string | undefined
  signal?: AbortSignal | undefined
}
/**
 * For each text, in their order, its vectors: one for a question, and for a document one for each part that the model can see at once. `knownShare`: of a single
 * question, which share of its words of four letters and more the model has in its vocabulary; undefined where nobody can tell.
 */
export type Embeddings = { vectors: Float32Array[][]; inputTokens: number; knownShare?: number | undefined }

/** A model that turns texts into vectors. */
export type Embedder = {
  /** The model's, such as `openai/text-embedding-3-small`. */
  readonly id: string
  /** What its vectors are like; a model elsewhere is asked, once. */
  describe(signal?: AbortSignal): Promise<EmbeddingModel>
  embed(request: EmbedRequest): Promise<Embeddings>
}
