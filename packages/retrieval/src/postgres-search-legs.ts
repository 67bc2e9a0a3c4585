import { searchBm25, sql } from '@weft/database'
import type { Legs } from './fuse-rankings.ts'
import { identifierParts } from './identifier-parts.ts'
import type { ChunkRow } from './postgres-chunks.ts'
import { compileFilter } from './postgres-filter.ts'
import { searchVectors, type VectorHit } from './postgres-search-vectors.ts'
import type { SearchTools } from './search-tools.ts'
import type { SearchOptions, SearchRequest } from './search-types.ts'

/** What is known of a chunk that was found; the chunk itself where it came with it. */
export type Candidate = {
  fileId: string
  startOffset: number
  endOffset: number
  attributes: Record<string, unknown>
  chunk?: ChunkRow
}

export type LegsFound = { legs: Legs; candidates: Map<string, Candidate>; skipped: string[] }

export type LegsRequest = SearchRequest & { mode: SearchOptions['mode'] }

/** Chunks each way of searching finds at least, whatever is asked for: fusing needs to know more than what is shown. */
const depthMin = 100

/** Words and vectors at once. What fails of the vectors is left out and named: words alone answer too. */
export async function runLegs(tools: SearchTools, request: LegsRequest): Promise<LegsFound> {
  const depth = Math.max(depthMin, request.maxResults * 2)
  const [words, vectors] = await Promise.all([
    request.mode === 'vector' ? [] : findByWords(tools, request, depth),
    request.mode === 'bm25' ? { hits: [], skipped: [] } : findByVectors(tools, request, depth),
  ])
  const candidates = new Map<string, Candidate>()
  for (const hit of vectors.hits) candidates.set(hit.chunkId, hit)
  for (const hit of words) candidates.set(hit.chunkId, { ...hit, attributes: recordOf(hit.attributes), chunk: hit })
  const legs = {
    bm25: words.map(({ chunkId, score }) => ({ id: chunkId, score })),
    vector: vectors.hits.map(({ chunkId, score }) => ({ id: chunkId, score })),
  }
  return { legs, candidates, skipped: vectors.skipped }
}

function findByWords({ database }: SearchTools, request: LegsRequest, depth: number) {
  const { tenant, vectorStoreIds, query, filters } = request
  return searchBm25(database, {
    tenant,
    vectorStoreIds,
    query: `${query} ${identifierParts(query)}`,
    limit: depth,
    ...(filters === undefined ? {} : { filter: compileFilter(filters, sql`attributes`) }),
  })
}

async function findByVectors(
  { database, embedder }: SearchTools,
  { tenant, vectorStoreIds, query, filters }: LegsRequest,
  depth: number,
): Promise<{ hits: VectorHit[]; skipped: string[] }> {
  if (embedder === undefined) return { hits: [], skipped: [] }
  const filter = filters === undefined ? undefined : compileFilter(filters, sql`c.attributes`)
  const vector = await embedQuery(embedder, query)
  if (typeof vector === 'string') return { hits: [], skipped: [`vectors: ${vector}`] }
  const model = await embedder.describe()
  return { hits: await searchVectors(database, { tenant, vectorStoreIds, model, vector, limit: depth, filter }), skipped: [] }
}

/** The question's vector, or why there is none. */
async function embedQuery(embedder: NonNullable<SearchTools['embedder']>, query: string): Promise<Float32Array | string> {
  try {
    const { vectors } = await embedder.embed({ texts: [query], purpose: 'query' })
    return vectors[0]?.[0] ?? 'the embedding model answered no vector'
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
