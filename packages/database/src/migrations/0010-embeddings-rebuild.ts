import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** A model's vectors may be made beside those that are searched, and those of a model that was left are deleted bit by bit. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`alter table embedding_models add column rebuild_started_at timestamptz, add column retired_at timestamptz`.execute(db)
  await sql`create unique index embedding_models_rebuild on embedding_models ((true)) where rebuild_started_at is not null`.execute(
    db,
  )
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`delete from embedding_models where rebuild_started_at is not null or retired_at is not null`.execute(db)
  await sql`drop index embedding_models_rebuild`.execute(db)
  await sql`alter table embedding_models drop column rebuild_started_at, drop column retired_at`.execute(db)
}
