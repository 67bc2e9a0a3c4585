import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** What models are worth, learned from what became of their answers; and answers that may be given again. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table routing_choices (
      id text primary key, tenant text not null, session_id text, turn int, choice jsonb not null, at timestamptz not null default now()
    )`.execute(db)
  await sql`create index routing_choices_turn on routing_choices (tenant, session_id, turn) where session_id is not null`.execute(
    db,
  )
  await sql`create index routing_choices_age on routing_choices (at)`.execute(db)
  await sql`
    create table routing_outcomes (
      seq bigint generated always as identity primary key, tenant text not null, writer text not null, kind text not null, reward float8 not null,
      output_tokens int, choice jsonb not null, at timestamptz not null default now()
    )`.execute(db)
  await sql`create index routing_outcomes_tenant on routing_outcomes (tenant, seq desc)`.execute(db)
  await sql`create index routing_outcomes_age on routing_outcomes (at)`.execute(db)
  await sql`
    create table cached_answers (
      tenant text not null, key text not null, scope_key text not null, model text not null, content jsonb not null, bytes int not null,
      vector jsonb, expires_at timestamptz not null, used_at timestamptz not null default now(), primary key (tenant, key)
    )`.execute(db)
  await sql`create index cached_answers_expiry on cached_answers (expires_at)`.execute(db)
  await sql`create index cached_answers_use on cached_answers (tenant, used_at)`.execute(db)
  await sql`create index cached_answers_scope on cached_answers (tenant, scope_key, used_at desc) where vector is not null`.execute(
    db,
  )
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`drop table cached_answers`.execute(db)
  await sql`drop table routing_outcomes`.execute(db)
  await sql`drop table routing_choices`.execute(db)
}
