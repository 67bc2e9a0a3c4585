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
  await createVectorIndex({ db }, { ...model, type })
  if (type === 'vector') await sql`drop index if exists ${sql.raw(indexName(model.id, 'halfvec'))}`.execute(db)
}

/** Vectors of a model from which on comparing a question with each of them takes longer than walking an index. */
const indexedFrom = 5_000

/** Where the database is not the embedded one: the index of a model's vectors, built once what was to be embedded at first is: a bulk is loaded faster without it. Answers whether it built it. */
export async function buildVectorIndex({ db }: Pick<Database, 'db'>, model: SizedModel): Promise<boolean> {
  const { rows } = await sql`
    select 1 where not ${isEmbedded} and to_regclass(${indexName(model.id, 'halfvec')}) is null
      and (select count(*) from (select 1 from chunk_embeddings where model = ${model.id} limit ${indexedFrom}) as counted) = ${indexedFrom}
  `.execute(db)
  if (rows.length === 0) return false
  await createVectorIndex({ db }, { ...model, type: 'halfvec' })
  return true
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
async function createVectorIndex(
  { db }: Pick<Database, 'db'>,
  { id, dimensions, type }: SizedModel & { type: 'vector' | 'halfvec' },
): Promise<void> {
  const indexed = sql.raw(`${type}(${dimensionsOf(dimensions)})`)
  await sql`
    create index if not exists ${sql.raw(indexName(id, type))} on chunk_embeddings
    using hnsw ((embedding::${indexed}) ${sql.raw(`${type}_ip_ops`)})
    with (m = ${sql.lit(neighbours[type])}, ef_construction = 64) where model = ${sql.lit(id)}
  `.execute(db)
}

function indexName(model: string, type: 'vector' | 'halfvec'): string {
  const name = model
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, 39)
  return `chunk_embeddings_of_${name}${type === 'vector' ? '_f32' : ''}`
}
