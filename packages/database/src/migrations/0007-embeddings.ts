import { type Kysely, sql } from 'kysely'
import { addExtension } from '../add-extension.ts'
import type { Schema } from '../schema.ts'

/**
 * Vectors of chunks, of several models side by side, and which are still to be made. Identifiers of code are found by their parts too.
 * A text longer than its model sees has several vectors. The vectors' index is made for each model, since it is for vectors of one size.
 */
export async function up(db: Kysely<Schema>): Promise<void> {
  await addExtension(db, 'vector')
  await sql`
    create table embedding_models (
      id text primary key, dimensions int not null, is_normalised boolean not null, is_active boolean not null default false,
      created_at timestamptz not null default now()
    )`.execute(db)
  await sql`create unique index embedding_models_active on embedding_models (is_active) where is_active`.execute(db)
  await sql`
    create table chunk_embeddings (
      model text not null references embedding_models on delete cascade, chunk_id bigint not null references chunks on delete cascade,
      n int not null, tenant text not null, vector_store_id text not null, text_hash bytea not null, embedding halfvec not null,
      primary key (model, chunk_id, n)
    )`.execute(db)
  await sql`create index chunk_embeddings_text on chunk_embeddings (model, tenant, text_hash)`.execute(db)
  await sql`create index chunk_embeddings_store on chunk_embeddings (vector_store_id, model)`.execute(db)
  await sql`create index chunk_embeddings_chunk on chunk_embeddings (chunk_id)`.execute(db)
  await sql`
    create table embedding_queue (
      model text not null references embedding_models on delete cascade, chunk_id bigint not null references chunks on delete cascade,
      vector_store_id text not null, file_id text not null, claimed_until timestamptz, primary key (model, chunk_id)
    )`.execute(db)
  await sql`create index embedding_queue_file on embedding_queue (vector_store_id, file_id)`.execute(db)
  await sql`create index embedding_queue_chunk on embedding_queue (chunk_id)`.execute(db)
  await sql`create index vector_store_files_embedding on vector_store_files (vector_store_id, file_id) where status = 'embedding'`.execute(
    db,
  )
  await sql`alter table chunks add column identifiers text not null default ''`.execute(db)
  await indexWords(db, `(title || ' ' || text || ' ' || identifiers)`)
}

/** k1 and b are fixed when the index is built: the values the reference rankings were measured with. Only where pg_textsearch is. */
async function indexWords(db: Kysely<Schema>, expression: string): Promise<void> {
  const { rows } = await sql`select 1 where to_regclass('chunks_bm25') is not null`.execute(db)
  if (rows.length === 0) return
  await sql`drop index chunks_bm25`.execute(db)
  await sql`create index chunks_bm25 on chunks using bm25 (${sql.raw(expression)}) with (text_config = 'english', k1 = 1.2, b = 0.75)`.execute(
    db,
  )
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await indexWords(db, `(title || ' ' || text)`)
  await sql`alter table chunks drop column identifiers`.execute(db)
  await sql`update vector_store_files set status = 'completed' where status = 'embedding'`.execute(db)
  await sql`drop index vector_store_files_embedding`.execute(db)
  for (const table of ['embedding_queue', 'chunk_embeddings', 'embedding_models'])
    await sql`drop table ${sql.table(table)}`.execute(db)
}
