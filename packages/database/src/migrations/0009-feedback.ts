import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** What readers say of answers, each with the question, the answer and the evidence it was about. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table feedback (
      tenant text not null, session_id text not null, turn int not null, given_by text not null, rating text not null, comment text,
      question jsonb, answer jsonb not null, at timestamptz not null default now(), primary key (tenant, session_id, turn, given_by)
    )`.execute(db)
  await sql`create index feedback_newest on feedback (tenant, at desc)`.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`drop table feedback`.execute(db)
}
