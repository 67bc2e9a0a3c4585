import { type Embedder, type Reranker, WeftError } from '@weft/contracts'
import { type Database, inAnyCase, whileWanted } from '@weft/database'
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
  return async (request, scope, signal) => {
    const account = { scope, embedOnce, signal }
    const ranker = chooseReranker(rerankers, request.options?.rerank, account)
    const { reranker, problem } = ranker
    const embedder = onAccount(embedders.current(), account)
    const follow = (model: string) => onAccount(embedders.follow(model), account)
    const tools = { database, embedder, follow, reranker, costs }
    const answer = await whileWanted(signal, () => searchKnowledge(tools, request))
    onSearch(request)
    return problem === undefined ? answer : { ...answer, skipped: [...answer.skipped, `rerank: ${problem}`] }
  }
}

type Account = { scope: CallScope; embedOnce: EmbedOnce; signal: AbortSignal | undefined }

/** A model that is asked writes down what that cost, whether or not its answer is still wanted. */
function onAccount(embedder: RunningEmbedder | undefined, { scope, embedOnce, signal }: Account): Embedder | undefined {
  if (embedder === undefined) return undefined
  return {
    ...embedder,
    embed: (request) => inAnyCase(() => embedOnce(embedder, { ...request, scope, signal: eitherOf(request.signal, signal) })),
    describe: (asked) => inAnyCase(() => embedder.describe(asked)),
  }
}

function eitherOf(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return AbortSignal.any([one, other])
}

type Choice = { reranker: Reranker | undefined; problem?: string }

/** A reranker that is set up and cannot be used is told with each search; one that a request names is refused. */
function chooseReranker(rerankers: Rerankers, asked: string | undefined, { scope, signal }: Account): Choice {
  const id = asked ?? rerankers.chosen
  if (id === undefined || id === 'off') return { reranker: undefined }
  try {
    const model = rerankers.of(id)
    return {
      reranker: {
        id,
        rerank: (request) => inAnyCase(() => model.rerank({ ...request, scope, signal: eitherOf(request.signal, signal) })),
      },
    }
  } catch (cause) {
    if (!(cause instanceof ModelError)) throw cause
    if (asked === undefined) return { reranker: undefined, problem: cause.message }
    throw new WeftError('invalid_request', cause.message, { param: 'ranking_options.ranker', cause })
  }
}
