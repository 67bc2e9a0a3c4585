import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** Responses of workflows that were deleted: each is a turn of a session, which stays until the session goes. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table forgotten_responses (
      tenant text not null,
      session_id text not null,
      turn integer not null,
      primary key (tenant, session_id, turn)
    )
  `.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`drop table forgotten_responses`.execute(db)
}
