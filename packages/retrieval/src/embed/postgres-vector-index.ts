import type { EmbeddingModel } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { dimensionsOf } from './postgres-vector-value.ts'

type SizedModel = Pick<EmbeddingModel, 'id' | 'dimensions'>

/** Whether the database is the embedded one, as SQL. */
export const isEmbedded = sql<boolean>`(version() like '%emscripten%')`

/** An index of `vector` holds so many dimensions at most (pgvector's README). */
const vectorDimensionsMax = 2_000

/**
 * As what vectors are indexed. The embedded database computes with half-precision numbers one by one: adding 480 vectors of 384 dimensions to an index
 * of `vector` took a fifth of the processor time.
 */
export function indexedType(database: { isEmbedded: boolean }, dimensions: number): 'vector' | 'halfvec' {
  return database.isEmbedded && dimensions <= vectorDimensionsMax ? 'vector' : 'halfvec'
}

/** In the embedded database the index is there from the start: building one later would keep everybody waiting. */
export async function beginVectorIndex({ db }: Pick<Database, 'db'>, model: SizedModel): Promise<void> {
  const { rows } = await sql`select 1 where ${isEmbedded}`.execute(db)
  if (rows.length === 0) return
  const type = indexedType({ isEmbedded: true }, model.dimensions)
  await vectorIndex({ ...model, type }).execute(db)
  if (type === 'vector') await sql`drop index if exists ${sql.raw(indexName(model.id, 'halfvec'))}`.execute(db)
}

/** Vectors of a model from which on comparing a question with each of them takes longer than walking an index. */
const indexedFrom = 5_000

/**
 * Where the database is not the embedded one: the index of a model's vectors, built once what was to be embedded at first is: a bulk is loaded faster
 * without it. Of all who find it missing one builds it, and the others go on. It is one statement, which the database completes also when its
 * client has given up waiting.
 */
export async function buildVectorIndex({ db }: Pick<Database, 'db'>, model: SizedModel): Promise<void> {
  const name = indexName(model.id, 'halfvec')
  const { rows } = await sql`
    select 1 where not ${isEmbedded} and to_regclass(${name}) is null
      and (select count(*) from (select 1 from chunk_embeddings where model = ${model.id} limit ${indexedFrom}) as counted) = ${indexedFrom}
  `.execute(db)
  if (rows.length === 0) return
  const create = vectorIndex({ ...model, type: 'halfvec' }).compile(db).sql
  const createAlone = `begin if pg_try_advisory_xact_lock(hashtextextended('${name}', 0)) then ${create}; end if; end`
  await sql`do ${sql.lit(createAlone)}`.execute(db)
}

export async function dropVectorIndex({ db }: Pick<Database, 'db'>, model: string): Promise<void> {
  for (const type of ['halfvec', 'vector'] as const)
    await sql`drop index if exists ${sql.raw(indexName(model, type))}`.execute(db)
}

/**
 * Neighbours of a vector. Elsewhere pgvector's default of 16; in the embedded database, where every one costs, 12: adding a vector took 1.6 ms instead of
 * 3.1, and of 3,000 abstracts of SciFact 99.8 % of the ten nearest were found instead of 99.9 % (99.1 and 99.3 % of fifty; ef_search 100).
 */
const neighbours = { vector: 12, halfvec: 16 } as const

/** ef_construction = 64: pgvector's default. The inner product of vectors of length one orders as the cosine does. */
function vectorIndex({ id, dimensions, type }: SizedModel & { type: 'vector' | 'halfvec' }) {
  const indexed = sql.raw(`${type}(${dimensionsOf(dimensions)})`)
  return sql`
    create index if not exists ${sql.raw(indexName(id, type))} on chunk_embeddings
    using hnsw ((embedding::${indexed}) ${sql.raw(`${type}_ip_ops`)})
    with (m = ${sql.lit(neighbours[type])}, ef_construction = 64) where model = ${sql.lit(id)}
  `
}

function indexName(model: string, type: 'vector' | 'halfvec'): string {
  const name = model
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, 39)
  return `chunk_embeddings_of_${name}${type === 'vector' ? '_f32' : ''}`
}
