import { type Kysely, sql } from 'kysely'
import { addExtension } from '../add-extension.ts'
import type { Schema } from '../schema.ts'

/** Keys, files, vector stores and chunks. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table api_keys (
      id text primary key, tenant text not null, name text not null, key_hash bytea not null unique, key_prefix text not null,
      scopes text[] not null, created_at timestamptz not null default now(), expires_at timestamptz, revoked_at timestamptz
    )`.execute(db)
  await sql`create index api_keys_tenant on api_keys (tenant, created_at)`.execute(db)
  await sql`
    create table files (
      id text primary key, tenant text not null, filename text not null, bytes bigint not null, purpose text not null,
      mime_type text, content_hash text not null, created_at timestamptz not null default now()
    )`.execute(db)
  await sql`create index files_tenant on files (tenant, created_at desc, id)`.execute(db)
  await sql`create index files_hash on files (tenant, content_hash)`.execute(db)
  await sql`
    create table file_parts (
      file_id text not null references files on delete cascade, n int not null, bytes bytea not null, primary key (file_id, n)
    )`.execute(db)
  await sql`
    create table file_texts (
      file_id text primary key references files on delete cascade, text text not null, text_hash text not null, pages jsonb
    )`.execute(db)
  await createStores(db)
  await createChunks(db)
  if (await createExtension(db)) await createIndex(db)
}

/** Where this PostgreSQL does not have it, chunks are found by what 0008-plain-bm25 makes. Answers whether it has. */
async function createExtension(db: Kysely<Schema>): Promise<boolean> {
  const { rows } = await sql`select 1 from pg_available_extensions where name = 'pg_textsearch'`.execute(db)
  if (rows.length === 0) return false
  await addExtension(db, 'pg_textsearch')
  return true
}

async function createStores(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table vector_stores (
      id text primary key, tenant text not null, name text not null, metadata jsonb not null default '{}',
      created_at timestamptz not null default now(), last_active_at timestamptz not null default now()
    )`.execute(db)
  await sql`create index vector_stores_tenant on vector_stores (tenant, created_at desc, id)`.execute(db)
  await sql`
    create table file_batches (
      id text primary key, vector_store_id text not null references vector_stores on delete cascade, tenant text not null,
      created_at timestamptz not null default now()
    )`.execute(db)
  await sql`
    create table vector_store_files (
      vector_store_id text not null references vector_stores on delete cascade, file_id text not null references files on delete cascade,
      tenant text not null, attributes jsonb not null default '{}', chunking_strategy jsonb not null default '{"type":"auto"}',
      status text not null default 'in_progress', last_error jsonb, usage_bytes bigint not null default 0, batch_id text,
      attempts int not null default 0, created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
      primary key (vector_store_id, file_id)
    )`.execute(db)
  await sql`create index vector_store_files_file on vector_store_files (file_id)`.execute(db)
  await sql`create index vector_store_files_jobs on vector_store_files (created_at) where status = 'in_progress'`.execute(db)
}

async function createChunks(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table chunks (
      id bigserial primary key, tenant text not null, vector_store_id text not null references vector_stores on delete cascade,
      file_id text not null references files on delete cascade, n int not null, start_offset int not null, end_offset int not null,
      page int, heading text, title text not null default '', text text not null, attributes jsonb not null default '{}'
    )`.execute(db)
  await sql`create unique index chunks_place on chunks (vector_store_id, file_id, n)`.execute(db)
  await sql`create index chunks_file on chunks (file_id)`.execute(db)
}

/** k1 and b are fixed when the index is built: the values the reference rankings were measured with. */
async function createIndex(db: Kysely<Schema>): Promise<void> {
  await sql`
    create index chunks_bm25 on chunks using bm25 ((title || ' ' || text)) with (text_config = 'english', k1 = 1.2, b = 0.75)
  `.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  for (const table of [
    'chunks',
    'vector_store_files',
    'file_batches',
    'vector_stores',
    'file_texts',
    'file_parts',
    'files',
    'api_keys',
  ]) {
    await sql`drop table ${sql.table(table)}`.execute(db)
  }
}
