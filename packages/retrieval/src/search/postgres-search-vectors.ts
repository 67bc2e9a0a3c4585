import type { EmbeddingModel } from '@weft/contracts'
import { type Database, type RawBuilder, sql } from '@weft/database'
import { z } from 'zod'
import { indexedType, isEmbedded } from '../embed/postgres-vector-index.ts'
import { dimensionsOf, vectorText } from '../embed/postgres-vector-value.ts'

export type VectorQuery = {
  tenant: string
  vectorStoreIds: string[]
  model: EmbeddingModel
  vector: Float32Array
  /** Chunks at most. */
  limit: number
  /** Further SQL over the columns of `chunks`, called `c`. */
  filter?: RawBuilder<boolean> | undefined
}

const Hit = z.object({
  chunkId: z.string(),
  fileId: z.string(),
  startOffset: z.int(),
  endOffset: z.int(),
  attributes: z.record(z.string(), z.unknown()),
  score: z.number(),
})
/** `score` is the inner product, for vectors of length one the cosine: that of the chunk's closest vector. */
export type VectorHit = z.infer<typeof Hit>

const columns = sql`c.id::text as "chunkId", c.file_id as "fileId", c.start_offset as "startOffset", c.end_offset as "endOffset", c.attributes, near.score`

/** Up to this many vectors, comparing with each is quicker than walking the index past those of other stores, and misses none. */
const exactMax = 2_000

/** Vectors of the index that are looked at before the nearest are named; pgvector's default of 40 finds fewer than are asked for. */
const efSearchMin = 100

/**
 * The chunks closest to a vector: `limit` of them when there are as many, whatever the filter. Few are compared one by one. Of many an HNSW index
 * answers nearly the closest; where it ends before it has enough that pass the filter, all are compared. Only vectors of the model that is active are
 * searched: those of others may be incomplete, or be gone in a moment.
 */
export async function searchVectors(database: Pick<Database, 'db'>, query: VectorQuery): Promise<VectorsFound> {
  if (query.vectorStoreIds.length === 0) return { kind: 'found', hits: [] }
  const { count, active, ...place } = await look(database, query)
  if (active === undefined) return { kind: 'found', hits: [] }
  if (active.id !== query.model.id || active.dimensions !== query.model.dimensions) return { kind: 'other_model', model: active }
  if (count <= exactMax) return { kind: 'found', hits: await compareAll(database, query) }
  const hits = await walkIndex(database, query, place)
  return { kind: 'found', hits: hits.length < Math.min(query.limit, count) ? await compareAll(database, query) : hits }
}

/** `other_model`: searches go by the vectors of this one. */
export type VectorsFound =
  | { kind: 'found'; hits: VectorHit[] }
  | { kind: 'other_model'; model: { id: string; dimensions: number } }

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
  const { rows } = await sql`
    with near as (
      select e.chunk_id, max(-(e.embedding <#> ${vectorText(query.vector)}::halfvec)) as score
      from ${source(query)} group by e.chunk_id order by score desc, e.chunk_id limit ${query.limit}
    )
    select ${columns} from near join chunks c on c.id = near.chunk_id order by near.score desc, c.id
  `.execute(db)
  return rows.map((row) => Hit.parse(row))
}

/**
 * Rows come nearly in order, and a chunk once for each of its vectors: more are fetched, and put in order again. In the embedded database the planner
 * may not sort, which leaves it the index: it takes a comparison there for ten times quicker than it is, and the vectors added since statistics
 * were last gathered for a handful. Of 2,500 vectors of 384 dimensions comparing all took 66 to 75 ms, walking the index 2 to 9.
 */
async function walkIndex({ db }: Pick<Database, 'db'>, query: VectorQuery, place: { isEmbedded: boolean }): Promise<VectorHit[]> {
  const indexed = sql.raw(`${indexedType(place, query.model.dimensions)}(${dimensionsOf(query.model.dimensions)})`)
  const fetched = query.limit * 2
  const { rows } = await db.transaction().execute(async (transaction) => {
    await sql`
      select set_config('hnsw.iterative_scan', 'relaxed_order', true),
        set_config('hnsw.ef_search', ${String(Math.min(1_000, Math.max(efSearchMin, fetched)))}, true),
        set_config('enable_sort', ${place.isEmbedded ? 'off' : 'on'}, true)
    `.execute(transaction)
    return sql`
      with nearest as materialized (
        select e.chunk_id, (e.embedding::${indexed} <#> ${vectorText(query.vector)}::${indexed}) as distance
        from ${source(query)} order by distance limit ${fetched}
      ), near as (select chunk_id, max(-distance) as score from nearest group by chunk_id)
      select ${columns} from near join chunks c on c.id = near.chunk_id order by near.score desc, c.id limit ${query.limit}
    `.execute(transaction)
  })
  return rows.map((row) => Hit.parse(row))
}

/** The index is for vectors of one model, named in its condition: the planner has to see the same name. */
function source({ tenant, vectorStoreIds, model, filter }: VectorQuery) {
  const chunks = filter === undefined ? sql`` : sql`join chunks c on c.id = e.chunk_id`
  const passes = filter === undefined ? sql`` : sql`and ${filter}`
  return sql`chunk_embeddings e ${chunks}
    where e.model = ${sql.lit(model.id)} and e.tenant = ${tenant} and e.vector_store_id = any(${vectorStoreIds}) ${passes}`
}
