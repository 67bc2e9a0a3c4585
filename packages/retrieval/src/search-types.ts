import { Attributes, Filter, knowledgeLimits, Passage } from '@weft/contracts'
import { z } from 'zod'

/** What is searched for. No `vectorStoreIds` means every store of the tenant. */
export const SearchRequest = z.object({
  tenant: z.string().min(1),
  vectorStoreIds: z.array(z.string()).max(1_000),
  query: z.string().max(knowledgeLimits.queryCharsMax),
  filters: Filter.optional(),
  maxResults: z.int().min(1).max(knowledgeLimits.resultsMax).default(10),
})
export type SearchRequest = z.infer<typeof SearchRequest>

/** A passage a search found. `rank` counts from 1, `score` lies between 0 and 1, `rawScore` is the BM25 score it comes from. */
export const SearchHit = Passage.extend({ attributes: Attributes, rank: z.int().positive(), rawScore: z.number() })
export type SearchHit = z.infer<typeof SearchHit>

export const SearchAnswer = z.object({ results: z.array(SearchHit) })
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
