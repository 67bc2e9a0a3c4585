import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** What a key may use: requests and tokens per minute, requests at once. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`alter table api_keys add column limits jsonb`.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`alter table api_keys drop column limits`.execute(db)
}
