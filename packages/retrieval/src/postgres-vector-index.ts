import type { EmbeddingModel } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { dimensionsOf } from './postgres-vector-value.ts'

type SizedModel = Pick<EmbeddingModel, 'id' | 'dimensions'>

/** In the embedded database a row is added to the index as quickly as a whole index is built, and building one would keep everybody waiting. */
export async function beginVectorIndex({ db }: Pick<Database, 'db'>, model: SizedModel): Promise<void> {
  const { rows } = await sql`select 1 where version() like '%emscripten%'`.execute(db)
  if (rows.length > 0) await createVectorIndex({ db }, model)
}

/** Vectors of a model from which on comparing a question with each of them takes longer than walking an index. */
const indexedFrom = 5_000

/** The index of a model's vectors, built once what was to be embedded at first is: a bulk is loaded faster without it. Answers whether it built it. */
export async function buildVectorIndex({ db }: Pick<Database, 'db'>, model: SizedModel): Promise<boolean> {
  const { rows } = await sql`
    select 1 where to_regclass(${indexName(model.id)}) is null
      and (select count(*) from (select 1 from chunk_embeddings where model = ${model.id} limit ${indexedFrom}) as counted) = ${indexedFrom}
  `.execute(db)
  if (rows.length === 0) return false
  await createVectorIndex({ db }, model)
  return true
}

export async function dropVectorIndex({ db }: Pick<Database, 'db'>, model: string): Promise<void> {
  await sql`drop index if exists ${sql.raw(indexName(model))}`.execute(db)
}

/** m = 16 and ef_construction = 64: pgvector's defaults. The inner product of vectors of length one orders as the cosine does. */
async function createVectorIndex({ db }: Pick<Database, 'db'>, { id, dimensions }: SizedModel): Promise<void> {
  const size = dimensionsOf(dimensions)
  await sql`
    create index if not exists ${sql.raw(indexName(id))} on chunk_embeddings
    using hnsw ((embedding::halfvec(${sql.raw(String(size))})) halfvec_ip_ops) where model = ${sql.lit(id)}
  `.execute(db)
}

function indexName(model: string): string {
  return `chunk_embeddings_of_${model
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, 40)}`
}
