import { type Embedder, type Reranker, WeftError } from '@weft/contracts'
import type { Database } from '@weft/database'
import { type CallScope, ModelError, type Rerankers, type RunningEmbedder } from '@weft/models'
import { createPartCosts, type SearchAnswer, type SearchRequest, searchKnowledge } from '@weft/retrieval'
import type { Embedders } from './embedders.ts'
import { type EmbedOnce, rememberVectors } from './remember-vectors.ts'

/** `scope`: on whose account models are asked; `signal`: nobody wants the answer any more. */
export type Search = (request: SearchRequest, scope: CallScope, signal?: AbortSignal) => Promise<SearchAnswer>

export type SearchParts = {
  database: Database
  embedders: Pick<Embedders, 'current' | 'follow'>
  rerankers: Rerankers
  /** Told of each search: what is searched expires later. */
  onSearch(searched: Pick<SearchRequest, 'tenant' | 'vectorStoreIds'>): void
}

/**
 * Searches with the models that are set up, or the reranker a request names. Remembers what parts of a search take, for those with a latency budget, and the
 * vectors of questions.
 */
export function createSearch({ database, embedders, rerankers, onSearch }: SearchParts): Search {
  const costs = createPartCosts(() => performance.now())
  const embedOnce = rememberVectors()
  return async (request, scope) => {
    const ranker = chooseReranker(rerankers, request.options?.rerank, scope)
    const { reranker, problem } = ranker
    const embedder = onAccount(embedders.current(), { scope, embedOnce })
    const follow = (model: string) => onAccount(embedders.follow(model), { scope, embedOnce })
    const tools = { database, embedder, follow, reranker, costs }
    const answer = await searchKnowledge(tools, request)
    onSearch(request)
    return problem === undefined ? answer : { ...answer, skipped: [...answer.skipped, `rerank: ${problem}`] }
  }
}

type Account = { scope: CallScope; embedOnce: EmbedOnce }

function onAccount(embedder: RunningEmbedder | undefined, { scope, embedOnce }: Account): Embedder | undefined {
  return embedder && { ...embedder, embed: (request) => embedOnce(embedder, { ...request, scope }) }
}

type Choice = { reranker: Reranker | undefined; problem?: string }

/** A reranker that is set up and cannot be used is told with each search; one that a request names is refused. */
function chooseReranker(rerankers: Rerankers, asked: string | undefined, scope: CallScope): Choice {
  const id = asked ?? rerankers.chosen
  if (id === undefined || id === 'off') return { reranker: undefined }
  try {
    const model = rerankers.of(id)
    return { reranker: { id, rerank: (request) => model.rerank({ ...request, scope }) } }
  } catch (cause) {
    if (!(cause instanceof ModelError)) throw cause
    if (asked === undefined) return { reranker: undefined, problem: cause.message }
    throw new WeftError('invalid_request', cause.message, { param: 'ranking_options.ranker', cause })
  }
}
