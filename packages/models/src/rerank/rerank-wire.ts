import { z } from 'zod'
import { ModelError } from '../model-error.ts'

/** How one provider is asked to rank documents, and how its answer is read. */
export type RerankWire = {
  provider: string
  baseUrl: string
  baseUrlVariable: string
  /** The variables of its key; the first that is set counts. */
  keyVariables: readonly [string, ...string[]]
  body(request: { model: string; query: string; documents: string[] }): object
  read(answer: unknown): RerankAnswer | undefined
}

export type RerankAnswer = { results: { index: number; score: number }[]; inputTokens: number | undefined }

const Result = z
  .object({ index: z.int().nonnegative(), relevance_score: z.number() })
  .transform(({ index, relevance_score: score }) => ({ index, score }))
const Usage = z.object({ total_tokens: z.int().nonnegative().optional() }).nullish()
const Tokens = z.object({ tokens: z.object({ input_tokens: z.number().nonnegative().optional() }).nullish() }).nullish()

/** docs.cohere.com/reference/rerank, version 2; also spoken by vLLM and others at an address of one's own. */
const cohere: RerankWire = {
  provider: 'cohere',
  baseUrl: 'https://api.cohere.com/v2',
  baseUrlVariable: 'COHERE_BASE_URL',
  keyVariables: ['COHERE_API_KEY', 'CO_API_KEY'],
  body: ({ model, query, documents }) => ({ model, query, documents, top_n: documents.length }),
  read(answer) {
    const { data } = z.object({ results: z.array(Result), meta: Tokens }).safeParse(answer)
    return data && { results: data.results, inputTokens: data.meta?.tokens?.input_tokens }
  },
}

/** docs.voyageai.com/reference/reranker-api. */
const voyage: RerankWire = {
  provider: 'voyage',
  baseUrl: 'https://api.voyageai.com/v1',
  baseUrlVariable: 'VOYAGE_BASE_URL',
  keyVariables: ['VOYAGE_API_KEY'],
  body: ({ model, query, documents }) => ({ model, query, documents, top_k: documents.length, return_documents: false }),
  read(answer) {
    const { data } = z.object({ data: z.array(Result), usage: Usage }).safeParse(answer)
    return data && { results: data.data, inputTokens: data.usage?.total_tokens }
  },
}

/** api.jina.ai/docs; also spoken by LocalAI, llama.cpp and others. */
const jina: RerankWire = {
  provider: 'jina',
  baseUrl: 'https://api.jina.ai/v1',
  baseUrlVariable: 'JINA_BASE_URL',
  keyVariables: ['JINA_API_KEY'],
  body: ({ model, query, documents }) => ({ model, query, documents, top_n: documents.length, return_documents: false }),
  read(answer) {
    const { data } = z.object({ results: z.array(Result), usage: Usage }).safeParse(answer)
    return data && { results: data.results, inputTokens: data.usage?.total_tokens }
  },
}

export const rerankWires: readonly RerankWire[] = [cohere, voyage, jina]

/**
 * The scores of an answer, in the order of the documents, each between 0 and 1. Some servers answer a model's bare logits; the logistic function makes scores of
 * them. Throws ModelError when the answer names no document, or one that was not sent.
 */
export function readScores(
  { results }: RerankAnswer,
  { provider, count }: { provider: string; count: number },
): (number | undefined)[] {
  if (results.length === 0 || results.some(({ index }) => index >= count))
    throw new ModelError('upstream_error', `${provider}: ${count} documents were sent, and its answer ranks others or none`)
  const isShare = results.every(({ score }) => score >= 0 && score <= 1)
  const scores = new Map(results.map(({ index, score }) => [index, isShare ? score : 1 / (1 + Math.exp(-score))]))
  return Array.from({ length: count }, (_, index) => scores.get(index))
}
