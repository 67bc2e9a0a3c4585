import { type EmbeddingModel, WeftError } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import { dimensionsOf } from './postgres-vector-value.ts'

const ModelRow = z.object({ id: z.string(), dimensions: z.int(), is_active: z.boolean() })

/**
 * Makes a model the one that embeds what is new, and queues the chunks that have no vectors of it. Without a model nothing is embedded, and search
 * goes by words. Throws `conflict` when vectors of another model are there: they are not comparable, so that they are never mixed.
 */
export async function activateEmbeddingModel(database: Database, model: EmbeddingModel | undefined): Promise<void> {
  const { rows } = await sql`select id, dimensions, is_active from embedding_models`.execute(database.db)
  const known = rows.map((row) => ModelRow.parse(row))
  const other = known.find(({ id }) => id !== model?.id)
  if (model !== undefined && other !== undefined)
    throw new WeftError(
      'conflict',
      `the vectors stored are those of ${other.id}, and ${model.id} cannot be compared with them: set the embedder back to ${other.id}, or take an empty database and ingest anew`,
    )
  if (model === undefined) return deactivate(database)
  await addModel(database, model)
  await queueMissing(database, model.id)
}

/** Files that only wait for their vectors are complete without. */
async function deactivate(database: Database): Promise<void> {
  await sql`
    with gone as (update embedding_models set is_active = false where is_active), queue as (delete from embedding_queue)
    update vector_store_files set status = 'completed' where status = 'embedding'
  `.execute(database.db)
}

async function addModel({ db }: Database, { id, dimensions, isNormalised }: EmbeddingModel): Promise<void> {
  await sql`
    insert into embedding_models (id, dimensions, is_normalised, is_active) values (${id}, ${dimensions}, ${isNormalised}, true)
    on conflict (id) do update set is_active = true
  `.execute(db)
  if (await isEmbedded(db)) await createVectorIndex({ db }, { id, dimensions })
}

async function queueMissing({ db }: Database, model: string): Promise<void> {
  await sql`
    insert into embedding_queue (model, chunk_id, vector_store_id, file_id)
    select ${model}, c.id, c.vector_store_id, c.file_id from chunks c
    where not exists (select 1 from chunk_embeddings e where e.model = ${model} and e.chunk_id = c.id)
    on conflict do nothing
  `.execute(db)
}

/** In the embedded database a row is added to the index as quickly as a whole index is built, and building one would keep everybody waiting. */
async function isEmbedded(db: Database['db']): Promise<boolean> {
  const { rows } = await sql`select 1 where version() like '%emscripten%'`.execute(db)
  return rows.length > 0
}

/** Vectors of a model from which on comparing a question with each of them takes longer than walking an index. */
const indexedFrom = 5_000

/** The index of a model's vectors, built once what was to be embedded at first is: a bulk is loaded faster without it. Answers whether it built it. */
export async function buildVectorIndex({ db }: Database, model: Pick<EmbeddingModel, 'id' | 'dimensions'>): Promise<boolean> {
  const { rows } = await sql`
    select 1 where to_regclass(${indexName(model.id)}) is null
      and (select count(*) from (select 1 from chunk_embeddings where model = ${model.id} limit ${indexedFrom}) as counted) = ${indexedFrom}
  `.execute(db)
  if (rows.length === 0) return false
  await createVectorIndex({ db }, model)
  return true
}

/** m = 16 and ef_construction = 64: pgvector's defaults. The inner product of vectors of length one orders as the cosine does. */
async function createVectorIndex(
  { db }: Pick<Database, 'db'>,
  { id, dimensions }: Pick<EmbeddingModel, 'id' | 'dimensions'>,
): Promise<void> {
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
