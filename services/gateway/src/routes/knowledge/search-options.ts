import type { SearchRequest as PublicSearchRequest } from '@weft/contracts'
import { SearchOptions } from '@weft/retrieval'

/**
 * How a search is done. Each option comes from the first of these that has it: the request's `weft`, OpenAI's `ranking_options`, the store's metadata (where
 * `weft evaluate --choose --apply` writes the best fusion), Weft's defaults. Metadata with invalid values is ignored.
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

/** OpenAI's own rankers do not exist here: for `auto`, and for names like `default-2024-11-15`, the reranker that is set up is used, if there is one. */
function rankerOf({ ranking_options: ranking }: Pick<PublicSearchRequest, 'ranking_options'>): { rerank?: string } {
  const ranker = ranking?.ranker
  if (ranker === undefined || ranker === 'auto' || /^default[-_]/.test(ranker)) return {}
  return { rerank: ranker === 'none' ? 'off' : ranker }
}

function weightsOf({ ranking_options: ranking }: Pick<PublicSearchRequest, 'ranking_options'>): { textWeight?: number } {
  const { embedding_weight: vector = 0, text_weight: text = 0 } = ranking?.hybrid_search ?? {}
  return vector + text > 0 ? { textWeight: text / (vector + text) } : {}
}
