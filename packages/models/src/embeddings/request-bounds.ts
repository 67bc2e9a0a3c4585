/** What one request for embeddings may hold. */
export interface RequestBounds {
  inputsMax: number
  /** Of all inputs together. No tokenizer makes more tokens of a text than it has bytes, so their bytes may be counted instead. */
  tokensMax: number
}

/** OpenAI's API reference, embeddings. */
export const openAiBounds: RequestBounds = { inputsMax: 2_048, tokensMax: 300_000 }

/** docs.voyageai.com, text embeddings; the tokens are those of the largest models. */
export const voyageBounds: RequestBounds = { inputsMax: 1_000, tokensMax: 120_000 }
