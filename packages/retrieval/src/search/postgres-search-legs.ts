import { type Embedder, errorMessage } from '@weft/contracts'
import { type ChunkHit, type RawBuilder, searchBm25, sql } from '@weft/database'
import { rebuildCommand } from '../embed/postgres-embedding-models.ts'
import { wordsInsideQuestion } from '../text/words-inside.ts'
import type { Legs } from './fuse-rankings.ts'
import type { ChunkRow } from './postgres-chunks.ts'
import { compileFilter } from './postgres-filter.ts'
import { searchVectors } from './postgres-search-vectors.ts'
import type { SearchBudget } from './search-budget.ts'
import type { SearchTools } from './search-tools.ts'
import type { SearchOptions, SearchRequest } from './search-types.ts'

/** What is known of a chunk that was found; `chunk` once it was read. */
export type Candidate = {
  fileId: string
  startOffset: number
  endOffset: number
  documentId: string | undefined
  chunk?: ChunkRow
}

/** What both ways of searching found. `knownShare`: the share of the question's words that the vectors' model knows; undefined where that is not known. */
export type LegsFound = { legs: Legs; candidates: Map<string, Candidate>; skipped: string[]; knownShare: number | undefined }

export type LegsRequest = SearchRequest & { mode: SearchOptions['mode'] }

/** How many chunks each way of searching finds at least: fusing two rankings needs more than what is shown in the end. */
const depthMin = 100

/** Searches by words and by vectors at the same time. If the question cannot be embedded, `skipped` says so and the words alone answer. */
export async function runLegs(tools: SearchTools, request: LegsRequest, budget?: SearchBudget): Promise<LegsFound> {
  const depth = Math.max(depthMin, request.maxResults * 2)
  const [words, vectors] = await Promise.all([
    request.mode === 'vector' ? [] : findByWords(tools, request, depth),
    request.mode === 'bm25' ? nothing : findByVectors(tools, request, { depth, budget }),
  ])
  const candidates = new Map<string, Candidate>()
  for (const hit of vectors.hits) candidates.set(hit.chunkId, hit)
  for (const hit of words) candidates.set(hit.chunkId, hit)
  const legs = {
    bm25: words.map(({ chunkId, score }) => ({ id: chunkId, score })),
    vector: vectors.hits.map(({ chunkId, score }) => ({ id: chunkId, score })),
  }
  return { legs, candidates, skipped: [...vectors.skipped], knownShare: vectors.knownShare }
}

/** How many letters of scripts without spaces are searched for in pairs: each pair costs a walk over the index. */
const pairedLettersMax = 300

function findByWords({ database }: SearchTools, request: LegsRequest, depth: number) {
  const { tenant, vectorStoreIds, query, filters } = request
  return searchBm25(database, {
    tenant,
    vectorStoreIds,
    query: `${query} ${wordsInsideQuestion(query, pairedLettersMax)}`,
    limit: depth,
    ...(filters === undefined ? {} : { filter: compileFilter(filters, sql`attributes`) }),
  })
}

type VectorsLeg = { hits: ChunkHit[]; skipped: string[]; knownShare?: number | undefined }
const nothing: VectorsLeg = { hits: [], skipped: [] }

/** Within the time budget, unless vectors are all there is to search by. */
async function findByVectors(
  tools: SearchTools,
  request: LegsRequest,
  { depth, budget }: { depth: number; budget: SearchBudget | undefined },
): Promise<VectorsLeg> {
  const find = (signal?: AbortSignal) => compareVectors({ tools, request, depth, signal })
  if (tools.embedder === undefined || budget === undefined || request.mode === 'vector') return find()
  return (await budget.spend('vectors', find)) ?? nothing
}

/** If the stored vectors turn out to be of another model than expected, as after a switch, the question is embedded with that model instead. */
async function compareVectors(search: VectorSearch): Promise<VectorsLeg> {
  const { embedder, follow } = search.tools
  if (embedder === undefined) return nothing
  const found = await findWith(embedder, search)
  if (!('other' in found)) return found
  const follower = follow?.(found.other)
  const again = follower === undefined ? found : await findWith(follower, search)
  if (!('other' in again)) return again
  return { hits: [], skipped: [`vectors: those stored are of ${again.other}, which cannot be asked; see ${rebuildCommand}`] }
}

type VectorSearch = { tools: SearchTools; request: LegsRequest; depth: number; signal: AbortSignal | undefined }

async function findWith(embedder: Embedder, search: VectorSearch): Promise<VectorsLeg | { other: string }> {
  const { tenant, vectorStoreIds, query, filters } = search.request
  const filter = filters && ((attributes: RawBuilder<unknown>) => compileFilter(filters, attributes))
  const embedded = await embedQuery(embedder, query, search.signal)
  if (typeof embedded === 'string') return { hits: [], skipped: [`vectors: ${embedded}`] }
  const { vector, knownShare } = embedded
  const model = await embedder.describe()
  const asked = { tenant, vectorStoreIds, model, vector, limit: search.depth, wanted: search.request.maxResults, filter }
  const found = await searchVectors(search.tools.database, asked)
  return found.kind === 'found' ? { hits: found.hits, skipped: [], knownShare } : { other: found.model.id }
}

type EmbeddedQuery = { vector: Float32Array; knownShare: number | undefined }

/** The question's vector, or why there is none. */
async function embedQuery(embedder: Embedder, query: string, signal: AbortSignal | undefined): Promise<EmbeddedQuery | string> {
  try {
    const { vectors, knownShare } = await embedder.embed({ texts: [query], purpose: 'query', signal })
    const vector = vectors[0]?.[0]
    return vector === undefined ? 'the embedding model answered no vector' : { vector, knownShare }
  } catch (cause) {
    return errorMessage(cause)
  }
}
