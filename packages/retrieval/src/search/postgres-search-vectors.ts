import type { ChunkHit, Database } from '@weft/database'
import { compareAll, compareFew } from './postgres-compare-vectors.ts'
import { placeOf } from './postgres-place.ts'
import { type Scan, type Walked, walkVectors } from './postgres-walk-vectors.ts'
import type { VectorQuery } from './vector-query.ts'

/** `score` is the inner product, for vectors of length one the cosine: that of the chunk's closest vector. `other_model`: searches go by the vectors of this one. */
export type VectorsFound =
  | { kind: 'found'; hits: ChunkHit[] }
  | { kind: 'other_model'; model: { id: string; dimensions: number } }

/**
 * The chunks closest to a vector: `wanted` of them when there are as many, whatever the filter. Few are compared one by one. Of many an HNSW index
 * answers nearly the closest; where it ends before it has enough that pass the filter, all are compared. Only vectors of the model that is active are
 * searched: those of others may be incomplete, or be gone in a moment.
 */
export async function searchVectors(database: Pick<Database, 'db'>, query: VectorQuery): Promise<VectorsFound> {
  if (query.vectorStoreIds.length === 0) return { kind: 'found', hits: [] }
  const place = await placeOf(database)
  const large = largeStores.get(database.db) ?? new Map<string, Scan>()
  largeStores.set(database.db, large)
  const key = `${query.model.id} ${query.vectorStoreIds.join()}`
  const scan = query.filter === undefined ? large.get(key) : undefined
  let first = scan && (await walkVectors(database, query, { ...place, scan }))
  if (first !== undefined && scan === 'off' && !isEnough(first, query)) {
    large.set(key, 'relaxed_order')
    first = await walkVectors(database, query, { ...place, scan: 'relaxed_order' })
  }
  if (first !== undefined && isEnough(first, query)) return { kind: 'found', hits: first.hits }
  const { hits, active } = await compareFew(database, query, place)
  if (active === undefined) return { kind: 'found', hits: [] }
  if (active.id !== query.model.id || active.dimensions !== query.model.dimensions) return { kind: 'other_model', model: active }
  if (hits !== undefined) return { kind: 'found', hits }
  if (query.filter === undefined) {
    if (large.size === largeStoresMax) large.clear()
    large.set(key, large.get(key) ?? 'off')
  }
  const walked = first ?? (await walkVectors(database, query, { ...place, scan: 'relaxed_order' }))
  return { kind: 'found', hits: isEnough(walked, query) ? walked.hits : await compareAll(database, query, place) }
}

/** A chunk of several vectors is found with each of them. */
function isEnough({ hits, vectors }: Walked, { limit, wanted }: VectorQuery): boolean {
  return vectors === limit && hits.length >= wanted
}

/**
 * Stores that had so many vectors when they were last looked at that the index is walked: they are not counted again. Should they have become small,
 * the index still finds all that is wanted, or says that it did not. Where the first look into it found enough, as where the store is nearly all there is, no
 * look is prepared for a second: of 20,000 vectors that takes a tenth off.
 */
const largeStores = new WeakMap<Database['db'], Map<string, Scan>>()
const largeStoresMax = 1_000
