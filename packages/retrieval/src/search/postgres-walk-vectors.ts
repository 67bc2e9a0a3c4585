import type { EmbeddingModel } from '@weft/contracts'
import {
  askKept,
  type ChunkHit,
  compareHits,
  type Database,
  hitColumns,
  type KeptQuery,
  packHits,
  type RawBuilder,
  sql,
  unpackHits,
  withoutSorting,
} from '@weft/database'
import { indexedType } from '../embed/postgres-vector-index.ts'
import { dimensionsOf, vectorBytes } from '../embed/postgres-vector-value.ts'
import { vectorsOf } from './postgres-compare-vectors.ts'
import type { Place } from './postgres-place.ts'
import type { VectorQuery } from './vector-query.ts'

/** The chunks that a walk found, and how many vectors it found them with. */
export type Walked = { hits: ChunkHit[]; vectors: number }

/** pgvector's `hnsw.iterative_scan`: `off` ends the walk with what the first look into the index finds, `relaxed_order` goes on until enough vectors pass. */
export type Scan = 'off' | 'relaxed_order'

/** pgvector's `hnsw.ef_search`, the number of vectors that the first look considers, is at least this; its default of 40 would find fewer than are asked for. */
const efSearchMin = 100

/**
 * Walks the HNSW index for the vectors closest to the query's. The settings of the walk are made by the statement itself, before it reads the index. In the
 * embedded database the planner is kept from comparing and sorting all vectors instead: it takes a comparison for ten times quicker than it is there, and
 * believes that there are only a handful of the vectors added since statistics were last gathered. Finds nothing if the query's model is not active.
 */
export async function walkVectors(
  database: Pick<Database, 'db'>,
  query: VectorQuery,
  { scan, ...place }: Place & { scan: Scan },
): Promise<Walked> {
  const near = vectorBytes(query.vector)
  const efSearch = String(Math.min(1_000, Math.max(efSearchMin, query.limit)))
  const walkFrom = (from: RawBuilder<unknown>): Walk => {
    return { near: from, vectors: vectorsOf(query), scan: sql`${scan}`, efSearch: sql`${efSearch}`, limit: sql`${query.limit}` }
  }
  if (!place.isEmbedded) {
    const { rows } = await nearest(query, place, walkFrom(sql`${near}`)).execute(database.db)
    return unpackWalked(rows[0]?.hits)
  }
  if (query.filter !== undefined) {
    return unpackWalked(await withoutSorting(database, nearest(query, place, walkFrom(sql`$1`)), near))
  }
  const kept = keptWalks.get(query.model) ?? keptWalk(query, place)
  keptWalks.set(query.model, kept)
  const { tenant, vectorStoreIds, limit } = query
  return unpackWalked(await askKept(database, kept, [near, tenant, vectorStoreIds, scan, efSearch, limit]))
}

const keptWalks = new WeakMap<EmbeddingModel, KeptQuery>()

function keptWalk(query: Pick<VectorQuery, 'model'>, place: Place): KeptQuery {
  const vectors = sql`chunk_embeddings e where e.model = ${sql.lit(query.model.id)} and e.tenant = $2 and e.vector_store_id = any($3)`
  return {
    parameters: ['vector', 'text', 'text[]', 'text', 'text', 'int'],
    settings: { enable_sort: 'off' },
    query: nearest(query, place, { near: sql`$1`, vectors, scan: sql`$4`, efSearch: sql`$5`, limit: sql`$6` }),
  }
}

type Walk = Record<'near' | 'vectors' | 'scan' | 'efSearch' | 'limit', RawBuilder<unknown>>

/** `offset 0` has the planner look up each chunk in an index, however many it expects. */
function nearest(
  { model }: Pick<VectorQuery, 'model'>,
  place: Place,
  { near, vectors, scan, efSearch, limit }: Walk,
): RawBuilder<{ hits: unknown }> {
  const indexed = sql.raw(`${indexedType(place, model.dimensions)}(${dimensionsOf(model.dimensions)})`)
  return packHits(sql`
    with nearest as materialized (
      select e.chunk_id, (e.embedding::${indexed} <#> ${near}::vector::${indexed}) as distance
      from ${vectors}
        and (select set_config('hnsw.iterative_scan', ${scan}, true) || set_config('hnsw.ef_search', ${efSearch}, true)) is not null
        and exists (select from embedding_models where id = ${sql.lit(model.id)} and dimensions = ${sql.lit(model.dimensions)} and is_active)
      order by distance limit ${limit}
    )
    select c.*, -nearest.distance as score
    from nearest cross join lateral (select ${hitColumns} from chunks where id = nearest.chunk_id offset 0) c
  `)
}

/** Each chunk with its closest vector, best first. */
function unpackWalked(packed: unknown): Walked {
  const found = unpackHits(packed).toSorted(compareHits)
  const hits = new Map<string, ChunkHit>()
  for (const hit of found) if (!hits.has(hit.chunkId)) hits.set(hit.chunkId, hit)
  return { hits: [...hits.values()], vectors: found.length }
}
