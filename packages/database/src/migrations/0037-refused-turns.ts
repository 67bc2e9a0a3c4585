import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** Turns whose clients were refused, until it is certain that none of them runs: whichever gateway refused one may end before it is. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table refused_turns (
      tenant text not null,
      session_id text not null,
      idempotency_key text not null,
      refused_at timestamptz not null default now(),
      primary key (tenant, session_id, idempotency_key)
    )
  `.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`drop table refused_turns`.execute(db)
}
