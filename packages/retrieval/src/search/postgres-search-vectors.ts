import type { EmbeddingModel } from '@weft/contracts'
import { type Database, type RawBuilder, sql, withoutSorting } from '@weft/database'
import { z } from 'zod'
import { indexedType, isEmbedded } from '../embed/postgres-vector-index.ts'
import { dimensionsOf, vectorBytes } from '../embed/postgres-vector-value.ts'

export type VectorQuery = {
  tenant: string
  vectorStoreIds: string[]
  model: EmbeddingModel
  vector: Float32Array
  /** Vectors that are looked at where an index is walked, and chunks at most. */
  limit: number
  /** Chunks that are found when there are as many, whatever the filter; `limit` at most. */
  wanted: number
  /** Further SQL over the columns of `chunks`, called `c`. */
  filter?: RawBuilder<boolean> | undefined
}

const Packed = z.array(z.tuple([z.int(), z.string(), z.int(), z.int(), z.string().nullable(), z.number()]))

/** `score` is the inner product, for vectors of length one the cosine: that of the chunk's closest vector. `documentId`: its attribute `document_id`, as text. */
export type VectorHit = {
  chunkId: string
  fileId: string
  startOffset: number
  endOffset: number
  documentId: string | undefined
  score: number
}

/** Up to this many vectors, comparing with each is quicker than walking the index past those of other stores, and misses none. */
const exactMax = 2_000

/** Vectors of the index that are looked at before the nearest are named; pgvector's default of 40 finds fewer than are asked for. */
const efSearchMin = 100

/**
 * The chunks closest to a vector: `wanted` of them when there are as many, whatever the filter. Few are compared one by one. Of many an HNSW index
 * answers nearly the closest; where it ends before it has enough that pass the filter, all are compared. Only vectors of the model that is active are
 * searched: those of others may be incomplete, or be gone in a moment.
 */
export async function searchVectors(database: Pick<Database, 'db'>, query: VectorQuery): Promise<VectorsFound> {
  if (query.vectorStoreIds.length === 0) return { kind: 'found', hits: [] }
  const large = largeStores.get(database.db) ?? new Map<string, Place>()
  largeStores.set(database.db, large)
  const key = `${query.model.id} ${query.vectorStoreIds.join()}`
  const known = query.filter === undefined ? large.get(key) : undefined
  const found = known === undefined ? undefined : await walkIndex(database, query, known)
  if (found !== undefined && isEnough(found, query)) return { kind: 'found', hits: found.hits }
  const { count, active, ...place } = await look(database, query)
  if (active === undefined) return { kind: 'found', hits: [] }
  if (active.id !== query.model.id || active.dimensions !== query.model.dimensions) return { kind: 'other_model', model: active }
  if (count <= exactMax || found !== undefined) return { kind: 'found', hits: await compareAll(database, query) }
  if (query.filter === undefined) {
    if (large.size === largeStoresMax) large.clear()
    large.set(key, place)
  }
  const walked = await walkIndex(database, query, place)
  return { kind: 'found', hits: isEnough(walked, query) ? walked.hits : await compareAll(database, query) }
}

/** `other_model`: searches go by the vectors of this one. */
export type VectorsFound =
  | { kind: 'found'; hits: VectorHit[] }
  | { kind: 'other_model'; model: { id: string; dimensions: number } }

type Place = { isEmbedded: boolean }

/**
 * Stores that had so many vectors when they were last looked at that the index is walked: they are not counted again. Should they have become small,
 * the index still finds all that is wanted, or says that it did not.
 */
const largeStores = new WeakMap<Database['db'], Map<string, Place>>()
const largeStoresMax = 1_000

const Look = z.object({ count: z.int(), id: z.string().nullable(), dimensions: z.int().nullable(), isEmbedded: z.boolean() })

/** Up to one more than are compared one by one are counted; which model is searched by is read in the same moment. */
async function look({ db }: Pick<Database, 'db'>, query: VectorQuery) {
  const { rows } = await sql`
    select (select count(*)::int from (select 1 from ${source(query)} limit ${exactMax + 1}) as counted) as count, m.id, m.dimensions,
      ${isEmbedded} as "isEmbedded"
    from (select) as once left join embedding_models m on m.is_active
  `.execute(db)
  const { count, id, dimensions, ...place } = Look.parse(rows[0])
  return { ...place, count, active: id === null || dimensions === null ? undefined : { id, dimensions } }
}

async function compareAll({ db }: Pick<Database, 'db'>, query: VectorQuery): Promise<VectorHit[]> {
  const { rows } = await packHits(sql`
    select e.chunk_id, min(e.embedding <#> ${vectorBytes(query.vector)}::vector::halfvec) as distance
    from ${source(query)} group by e.chunk_id order by distance, e.chunk_id limit ${query.limit}
  `).execute(db)
  return unpackHits(rows[0]?.found).hits
}

type Walked = { hits: VectorHit[]; vectors: number }

/** A chunk of several vectors is found with each of them. */
function isEnough({ hits, vectors }: Walked, { limit, wanted }: VectorQuery): boolean {
  return vectors === limit && hits.length >= wanted
}

/**
 * Rows come nearly in order. How far the index is walked is set in the statement itself, before it begins. In the embedded database the planner may not
 * sort: it takes a comparison there for ten times quicker than it is, and the vectors added since statistics were last gathered for a handful.
 * Of 2,500 vectors of 384 dimensions comparing all took 66 to 75 ms, walking the index 2 to 9. Nothing is found by a model that is not active.
 */
async function walkIndex(database: Pick<Database, 'db'>, query: VectorQuery, place: Place): Promise<Walked> {
  const { id, dimensions } = query.model
  const indexed = sql.raw(`${indexedType(place, dimensions)}(${dimensionsOf(dimensions)})`)
  const efSearch = String(Math.min(1_000, Math.max(efSearchMin, query.limit)))
  const near = vectorBytes(query.vector)
  const nearest = (vector: RawBuilder<unknown>) => sql`
    select e.chunk_id, (e.embedding::${indexed} <#> ${vector}::vector::${indexed}) as distance
    from ${source(query)}
      and (select set_config('hnsw.iterative_scan', 'relaxed_order', true) || set_config('hnsw.ef_search', ${efSearch}, true)) is not null
      and exists (select from embedding_models where id = ${id} and dimensions = ${dimensions} and is_active)
    order by distance limit ${query.limit}
  `
  if (place.isEmbedded) return unpackHits(await withoutSorting(database, packHits(nearest(sql`$1`)), near))
  const { rows } = await packHits(nearest(sql`${near}`)).execute(database.db)
  return unpackHits(rows[0]?.found)
}

/** Of vectors: their chunks, as one value. Row by row they would take as long as to be found. */
function packHits(nearest: RawBuilder<unknown>): RawBuilder<{ found: unknown }> {
  return sql`
    with nearest as materialized (${nearest})
    select json_agg(json_build_array(c.id, c.file_id, c.start_offset, c.end_offset, c.attributes ->> 'document_id', -nearest.distance)) as found
    from nearest join chunks c on c.id = nearest.chunk_id
  `
}

/** What {@link packHits} made: each chunk with its closest vector, best first. */
function unpackHits(packed: unknown): Walked {
  const found = Packed.parse(packed ?? []).toSorted(([a, , , , , x], [b, , , , , y]) => y - x || a - b)
  const hits = new Map<number, VectorHit>()
  for (const [id, fileId, startOffset, endOffset, documentId, score] of found) {
    if (hits.has(id)) continue
    hits.set(id, { chunkId: String(id), fileId, startOffset, endOffset, documentId: documentId ?? undefined, score })
  }
  return { hits: [...hits.values()], vectors: found.length }
}

/** The index is for vectors of one model, named in its condition: the planner has to see the same name. */
function source({ tenant, vectorStoreIds, model, filter }: VectorQuery) {
  const chunks = filter === undefined ? sql`` : sql`join chunks c on c.id = e.chunk_id`
  const passes = filter === undefined ? sql`` : sql`and ${filter}`
  return sql`chunk_embeddings e ${chunks}
    where e.model = ${sql.lit(model.id)} and e.tenant = ${tenant} and e.vector_store_id = any(${vectorStoreIds}) ${passes}`
}
