import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** When a webhook's secret was last replaced: the one before counts for a day. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`alter table webhooks add column rotated_at timestamptz`.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`alter table webhooks drop column rotated_at`.execute(db)
}
