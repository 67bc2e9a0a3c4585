import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** What is set while the mesh runs: every change, with who made it; the newest of each name counts. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table setting_changes (
      version bigint not null, name text not null, value jsonb, key_id text not null, key_name text not null,
      changed_at timestamptz not null default now(), primary key (name, version)
    )`.execute(db)
  await sql`create index setting_changes_version on setting_changes (version desc)`.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`drop table setting_changes`.execute(db)
}
