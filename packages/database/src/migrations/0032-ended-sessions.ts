import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/** The sessions of a tenant that ended first are looked for fifty at a time: without this each time among all it has. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await sql`
    create index sessions_ended on sessions (tenant, updated_at, id) where status in ('completed', 'failed', 'cancelled')
  `.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`drop index sessions_ended`.execute(db)
}
