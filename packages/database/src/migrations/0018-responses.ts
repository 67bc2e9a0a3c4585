import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** Responses that their callers let be stored, with the items that were asked, until they expire. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table responses (
      tenant text not null, id text not null, previous_id text, input jsonb not null, response jsonb not null,
      created_at timestamptz not null default now(), expires_at timestamptz not null, primary key (tenant, id)
    )`.execute(db)
  await sql`create index responses_expiring on responses (expires_at)`.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`drop table responses`.execute(db)
}
