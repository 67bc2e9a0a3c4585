import { z } from 'zod'
import { ChatMessage } from './chat.ts'

/** Bounds of uploads and searches. */
export const knowledgeLimits = { fileBytesMax: 134_217_728, queryCharsMax: 51_200, resultsMax: 50, attributesMax: 16 } as const

/** What a value may be instead of `Invalid input`, where it is none of them; a fault inside one of them is told as such. */
function either(wanted: string) {
  return { error: ({ code }: { code: string }) => (code === 'invalid_union' ? wanted : undefined) }
}

/** What a file in a store carries for filters: OpenAI's vector store attributes. */
export const Attributes = z.record(
  z.string().max(64),
  z.union([z.string().max(512), z.number(), z.boolean()], either('has to be a text, a number, or true or false')),
)
export type Attributes = z.infer<typeof Attributes>

const Comparison = z.object({
  type: z.enum(['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'nin']),
  key: z.string().min(1).max(64),
  value: z.union(
    [z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number()])).max(100)],
    either('has to be a text, a number, true or false, or a list of texts and numbers'),
  ),
})

export type Filter = z.infer<typeof Comparison> | { type: 'and' | 'or'; filters: Filter[] }

/** OpenAI's vector store filter: comparisons joined by and/or. */
export const Filter: z.ZodType<Filter> = z.discriminatedUnion('type', [
  Comparison,
  z.object({
    type: z.enum(['and', 'or']),
    get filters() {
      return z.array(Filter).min(1).max(50)
    },
  }),
])

/** OpenAI's; `auto` lets the structure of the text decide. Sizes in tokens. */
export const ChunkingStrategy = z.discriminatedUnion('type', [
  z.object({ type: z.literal('auto') }),
  z.object({
    type: z.literal('static'),
    static: z.object({
      max_chunk_size_tokens: z.int().min(100).max(4_096),
      chunk_overlap_tokens: z.int().min(0).max(2_048),
    }),
  }),
])
export type ChunkingStrategy = z.infer<typeof ChunkingStrategy>

export const RankingOptions = z.looseObject({
  /** OpenAI's `none`, `auto` and dated names (the reranker that is set up, if one is), or the id of a reranker. */
  ranker: z.string().min(1).max(256).optional(),
  score_threshold: z.number().min(0).max(1).optional(),
  hybrid_search: z
    .object({ embedding_weight: z.number().min(0), text_weight: z.number().min(0) })
    .refine(({ embedding_weight: vector, text_weight: text }) => vector + text > 0, 'one of its weights has to be above 0')
    .optional(),
})

/** `POST /v1/vector_stores/{id}/search`. */
export const SearchRequest = z.object({
  query: z.union(
    [
      z.string().min(1).max(knowledgeLimits.queryCharsMax),
      z.array(z.string().min(1).max(knowledgeLimits.queryCharsMax)).min(1).max(10),
    ],
    either('has to be a text, or a list of up to 10 texts'),
  ),
  filters: Filter.nullish(),
  max_num_results: z.int().min(1).max(knowledgeLimits.resultsMax).default(10),
  ranking_options: RankingOptions.nullish(),
  /** Whether the query is made to stand alone first; `search_query` of the answer tells what was searched for. */
  rewrite_query: z.boolean().optional(),
  weft: z
    .strictObject({
      mode: z.enum(['hybrid', 'bm25', 'vector']).optional(),
      fusion: z.enum(['rrf', 'min_max']).optional(),
      textWeight: z.number().min(0).max(1).optional(),
      multiHop: z.boolean().optional(),
      /** As `ranking_options.ranker`, with `off` for none. */
      rerank: z.string().min(1).max(256).optional(),
      latencyBudgetMs: z.int().positive().optional(),
      /** Whether passages with the same words fill one place of the list; default `suppress`. */
      duplicates: z.enum(['suppress', 'keep']).optional(),
      /** The conversation before the query, for `rewrite_query`; oldest first. */
      messages: z.array(ChatMessage).max(200).optional(),
    })
    .optional(),
})
export type SearchRequest = z.infer<typeof SearchRequest>
