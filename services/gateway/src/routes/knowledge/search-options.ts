import type { SearchRequest as PublicSearchRequest } from '@weft/contracts'
import { SearchOptions } from '@weft/retrieval'

/**
 * How a search is to be done: as the request's `weft` says, else OpenAI's weights of `hybrid_search`, else as was chosen for the store by
 * `weft evaluate --choose --apply` (its metadata), else Weft's own way. What the metadata says that is no such choice is passed over.
 */
export function searchOptionsOf(
  body: Pick<PublicSearchRequest, 'weft' | 'ranking_options'>,
  metadata: Record<string, string>,
): SearchOptions {
  const chosen = SearchOptions.safeParse({
    fusion: metadata['weft.fusion'],
    textWeight: metadata['weft.text_weight'] === undefined ? undefined : Number(metadata['weft.text_weight']),
  })
  return SearchOptions.parse({ ...(chosen.success ? chosen.data : {}), ...weightsOf(body), ...rankerOf(body), ...body.weft })
}

/** OpenAI's own rankers are not here: what it calls `auto` or by a date is the reranker that is set up, if one is. */
function rankerOf({ ranking_options: ranking }: Pick<PublicSearchRequest, 'ranking_options'>): { rerank?: string } {
  const ranker = ranking?.ranker
  if (ranker === undefined || ranker === 'auto' || /^default[-_]/.test(ranker)) return {}
  return { rerank: ranker === 'none' ? 'off' : ranker }
}

function weightsOf({ ranking_options: ranking }: Pick<PublicSearchRequest, 'ranking_options'>): { textWeight?: number } {
  const { embedding_weight: vector = 0, text_weight: text = 0 } = ranking?.hybrid_search ?? {}
  return vector + text > 0 ? { textWeight: text / (vector + text) } : {}
}
