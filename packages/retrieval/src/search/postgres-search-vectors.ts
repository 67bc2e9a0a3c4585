import type { ChunkHit, Database } from '@weft/database'
import { compareAll, compareFew } from './postgres-compare-vectors.ts'
import { placeOf } from './postgres-place.ts'
import { type Scan, type Walked, walkVectors } from './postgres-walk-vectors.ts'
import type { VectorQuery } from './vector-query.ts'

/**
 * The `score` of a hit is the inner product with the chunk's closest vector, which is the cosine for vectors of length one. `other_model`: nothing was searched,
 * because searches go by the vectors of this other model.
 */
export type VectorsFound =
  | { kind: 'found'; hits: ChunkHit[] }
  | { kind: 'other_model'; model: { id: string; dimensions: number } }

/**
 * The chunks closest to a vector: at least `wanted` of them, if so many pass the filter. Few vectors are compared one by one. For many an HNSW index is walked,
 * which finds nearly the closest; if it ends before it has enough that pass the filter, all are compared. Only vectors of the active model are searched: those
 * of others may be incomplete, or about to be deleted.
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

/** Whether a walk found enough. A chunk with several vectors is found with each of them, so that fewer chunks than vectors may be found. */
function isEnough({ hits, vectors }: Walked, { limit, wanted }: VectorQuery): boolean {
  return vectors === limit && hits.length >= wanted
}

/**
 * Stores that had so many vectors when they were last searched that the index is walked. They are not counted again: should they have become small, the walk
 * still finds enough, or tells that it did not. The value says how to walk. `off` ends after the first look into the index, which is enough where the store has
 * nearly all vectors there are, and saves a tenth of the time with 20,000 vectors; a store for which it was not enough gets `relaxed_order`.
 */
const largeStores = new WeakMap<Database['db'], Map<string, Scan>>()
const largeStoresMax = 1_000
