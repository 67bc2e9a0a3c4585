import { Attributes, ChatMessage, Filter, knowledgeLimits, Passage } from '@weft/contracts'
import { z } from 'zod'
import { fusionMethods } from './fuse-rankings.ts'

export const searchModes = ['hybrid', 'bm25', 'vector'] as const

/** How what words and what vectors find become one ranking; what is left out is by the store's choice or Weft's. */
export const SearchOptions = z.object({
  mode: z.enum(searchModes).default('hybrid'),
  fusion: z.enum(fusionMethods).optional(),
  /** Between 0 (only vectors count) and 1 (only words count). */
  textWeight: z.number().min(0).max(1).optional(),
  /** Whether to search again from the best passages, with the names they bring in: for questions whose answer takes several passages. */
  multiHop: z.boolean().optional(),
  /** `off`, or the id of a reranker; default: the one that is set up. */
  rerank: z.string().max(256).optional(),
  /** Whether passages that nearly say the same fill one place of the list (default) or each its own. */
  duplicates: z.enum(['suppress', 'keep']).optional(),
  /** How long the search may take: what does not fit is left out, what brings least first, and said. */
  latencyBudgetMs: z.int().positive().optional(),
})
export type SearchOptions = z.infer<typeof SearchOptions>

/** What is searched for. No `vectorStoreIds` means every store of the tenant. */
export const SearchRequest = z.object({
  tenant: z.string().min(1),
  /** The key the search came with, on whose account models are asked. */
  keyId: z.string().optional(),
  vectorStoreIds: z.array(z.string()).max(1_000),
  query: z.string().max(knowledgeLimits.queryCharsMax),
  filters: Filter.optional(),
  maxResults: z.int().min(1).max(knowledgeLimits.resultsMax).default(10),
  options: SearchOptions.optional(),
  /** The query goes on from this conversation: the retrieval agent makes it stand alone first. */
  rewrite: z.object({ messages: z.array(ChatMessage).max(200) }).optional(),
})
export type SearchRequest = z.infer<typeof SearchRequest>

const LegShare = z.object({ rank: z.int().positive(), score: z.number(), share: z.number() })

/** The passage a second search went on from, with which names of it, and what both are worth together. */
const Via = z.object({ chunkId: z.string(), terms: z.array(z.string()), score: z.number() })

const Rerank = z.object({ model: z.string(), score: z.number(), before: z.int().positive() })

/**
 * A passage a search found. `rank` counts from 1, `score` lies between 0 and 1. The explanation says at which rank and with which score of its own words
 * (BM25) and vectors (cosine) found it, what each gave to the fused score, what the best passage of its document added, and by which
 * passage it was found in a search of several hops. `rerank`: the score of the reranker, which is then the passage's own, and its rank before.
 * `duplicates`: passages with the same words that would have been shown, set behind all others. `header`: what a model said of the passage's place in its document, by which
 * it is found beside its own words.
 */
export const SearchHit = Passage.extend({
  attributes: Attributes,
  rank: z.int().positive(),
  rawScore: z.number(),
  explanation: z.object({
    bm25: LegShare.optional(),
    vector: LegShare.optional(),
    support: z.number(),
    via: Via.optional(),
    rerank: Rerank.optional(),
    duplicates: z.array(z.string()).optional(),
    header: z.string().optional(),
  }),
})
export type SearchHit = z.infer<typeof SearchHit>

/** `skipped` names what could not be part of the search, and why; `query` is what was searched for, where it was rewritten. */
export const SearchAnswer = z.object({ results: z.array(SearchHit), skipped: z.array(z.string()), query: z.string().optional() })
export type SearchAnswer = z.infer<typeof SearchAnswer>

/** A file of a vector store that waits to be indexed. */
export const IngestionJob = z.object({ tenant: z.string().min(1), vectorStoreId: z.string().min(1), fileId: z.string().min(1) })
export type IngestionJob = z.infer<typeof IngestionJob>

/** Files of one vector store that were just added; those beyond the most a hint may name are found without one. */
export const IngestionHint = z.object({
  tenant: z.string().min(1),
  vectorStoreId: z.string().min(1),
  fileIds: z.array(z.string().min(1)).min(1).max(500),
})
export type IngestionHint = z.infer<typeof IngestionHint>
