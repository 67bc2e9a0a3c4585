import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** Every call of a model, with the price it was reckoned at. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table model_calls (
      id text primary key, tenant text not null, kind text not null, key_id text, user_id text, session_id text, turn int, step_id text,
      agent text not null, model text not null, provider text not null, price jsonb, price_known boolean not null, attempt int not null,
      first_call_id text not null, is_streamed boolean not null, started_at timestamptz not null, outcome text not null, error_code text,
      input_tokens bigint not null, output_tokens bigint not null, cached_input_tokens bigint, reasoning_tokens bigint,
      cost_usd numeric not null, measured boolean not null, duration_ms float8, first_token_ms float8, receipt jsonb
    )`.execute(db)
  await sql`create index model_calls_newest on model_calls (tenant, started_at desc, id desc)`.execute(db)
  await sql`create index model_calls_session on model_calls (tenant, session_id) where session_id is not null`.execute(db)
  await sql`create index model_calls_age on model_calls (started_at)`.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`drop table model_calls`.execute(db)
}
