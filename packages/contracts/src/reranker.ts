/** The texts to judge, in the order in which they were found, the best first. */
export type RerankRequest = { query: string; documents: string[]; signal?: AbortSignal | undefined }

/** A model that reads a question and what was found for it together, and says how well each answers it. */
export type Reranker = {
  /** Such as `cohere/rerank-v3.5`. */
  readonly id: string
  /** Scores between 0 and 1, in the order of the documents; undefined for those it said nothing about. */
  rerank(request: RerankRequest): Promise<(number | undefined)[]>
}
